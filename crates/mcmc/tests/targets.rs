//! Exact kernels leave every target with known moments as it is: chains that begin in exact draws keep mean and
//! variance, within four standard errors over independent chains, at fixed seeds. And diagnostics notice where
//! kernels fail.

mod common;

use burn::tensor::{Device, FloatDType, Tensor};
use common::off;
use ebm_energy::targets::{
    Banana, CorrelatedGaussian, DiagonalGaussian, DoubleWell, EightSchools, Funnel, Mixture, Ring,
    StudentT, Target,
};
use ebm_mcmc::{Hmc, Kernel, Key, Langevin, Mala, Nuts, Sampler, Samples, Tunable, WarmUp};

const CHAINS: usize = 300;

fn targets() -> Vec<Box<dyn Target>> {
    let covariance = [vec![1.0, 0.25, 0.25], vec![0.25, 1.0, 0.25], vec![0.25, 0.25, 1.0]];
    vec![
        Box::new(DiagonalGaussian::isotropic(4, 1.5).expect("valid")),
        Box::new(DiagonalGaussian::ill_conditioned(10, 10.0).expect("valid")),
        Box::new(CorrelatedGaussian::new(vec![1.0, 2.0, 7.0], &covariance).expect("valid")),
        Box::new(DoubleWell::new(3, 2.0).expect("valid")),
        Box::new(Mixture::ring(8, 4.0, 0.5).expect("valid")),
        Box::new(Ring::new(4, 8, 2.0, 0.7).expect("valid")),
        Box::new(Banana::new(0.03).expect("valid")),
        Box::new(StudentT::new(2, 12.0).expect("valid")),
        Box::new(EightSchools::new()),
    ]
}

/// Draws from chains that begin in the target, after a warm-up from there.
fn stationary<K: Kernel<2> + Tunable>(kernel: K, target: &dyn Target) -> Samples {
    let draws = |key| {
        let draws = target.sample(CHAINS, Key::new(key), &Device::flex()).expect("a sampler");
        draws.cast(FloatDType::F32)
    };
    let warm_up = WarmUp { steps: 120, acceptance: 0.8 };
    let (kernel, _) = warm_up.run(kernel, &target, draws(1), Key::new(2)).expect("tuned");
    // New exact draws: the warm-up's states depend on its adaptation.
    Sampler::new(kernel, &target, draws(3), Key::new(4)).thin(3).sample(20).expect("finite")
}

fn keeps_every_target<K: Kernel<2> + Tunable>(name: &str, kernel: impl Fn() -> K) {
    for target in targets() {
        let samples = stationary(kernel(), &*target);
        let (means, variances) = (target.mean().expect("known"), target.variance().expect("known"));
        for (i, (mean, variance)) in means.into_iter().zip(variances).enumerate() {
            let errors =
                [off(&samples, |x| x[i], mean), off(&samples, |x| (x[i] - mean).powi(2), variance)];
            assert!(
                errors.iter().all(|e| *e < 4.0),
                "{name}, {}, coordinate {i}: {errors:?} standard errors",
                target.name()
            );
        }
        let moved = samples.acceptance.iter().sum::<f64>() / CHAINS as f64;
        assert!(
            moved > 0.4,
            "{name}, {}: a kernel that stands still passes the rest",
            target.name()
        );
    }
}

#[test]
fn mala_keeps_every_target() {
    keeps_every_target("MALA", || Mala { step_size: 0.3 });
}

#[test]
fn hmc_keeps_every_target() {
    keeps_every_target("HMC", || Hmc { step_size: 0.2, leapfrog_steps: 5 });
}

#[test]
fn nuts_keeps_every_target() {
    keeps_every_target("NUTS", || Nuts::new(0.2));
}

/// The negative control: a Metropolis kernel that accepts everything is found out.
#[test]
fn a_kernel_without_correction_is_found_out() {
    let well = DoubleWell::new(3, 2.0).expect("valid");
    let start = well.sample(CHAINS, Key::new(1), &Device::flex()).expect("a sampler");
    let start = start.cast(FloatDType::F32);
    let kernel = Langevin { step_size: 0.25, noise: true };
    let samples =
        Sampler::new(kernel, &well, start, Key::new(2)).thin(3).sample(20).expect("finite");
    let second = well.variance().expect("known")[0];
    let worst = (0..3).map(|i| off(&samples, |x| x[i] * x[i], second)).fold(0.0, f64::max);
    assert!(worst > 4.0, "ULA's bias went unnoticed: {worst} standard errors");
}

/// Neal's funnel: neither ULA nor plain HMC explores it, and the summary says so.
#[test]
fn diagnostics_flag_the_funnel() {
    let funnel = Funnel::neal();
    let start = || Tensor::<2>::zeros([4, funnel.dim()], &Device::flex());
    let flagged = |name: &str, samples: Samples| {
        assert!(!samples.summary().mixed(), "{name}:\n{}", samples.summary());
    };
    let ula = Langevin { step_size: 0.1, noise: true };
    let samples = Sampler::new(ula, &funnel, start(), Key::new(1)).burn_in(200).sample(800);
    flagged("ULA", samples.expect("finite"));
    let hmc = Hmc { step_size: 0.3, leapfrog_steps: 5 };
    let samples = Sampler::new(hmc, &funnel, start(), Key::new(2)).burn_in(200).sample(800);
    flagged("HMC", samples.expect("finite"));
    // And a Gaussian is not flagged.
    let easy = DiagonalGaussian::isotropic(2, 1.0).expect("valid");
    let start = Tensor::<2>::zeros([4, 2], &Device::flex());
    let hmc = Hmc { step_size: 0.7, leapfrog_steps: 3 };
    let samples = Sampler::new(hmc, &easy, start, Key::new(3)).burn_in(100).sample(1000);
    let summary = samples.expect("finite").summary();
    assert!(summary.mixed(), "{summary}");
}
