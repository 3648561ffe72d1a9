//! Exact kernels leave every target invariant: chains that start from exact draws keep its moments.

use ebm_mcmc::{
    Hmc, Kernel, Key, Langevin, Mala, Nuts, ParallelTempering, Sampler, Samples, Tunable, WarmUp,
};
use ebm_targets::DoubleWell;

use crate::{CHAINS, Case, cases};

/// Returns the kernel with its step size tuned.
fn tuned<K: Kernel<2> + Tunable>(kernel: K, case: &Case) -> K {
    let warm_up = WarmUp::new(120);
    warm_up.run(kernel, &case.target, case.start(1), Key::new(2)).expect("tuned").0
}

fn keeps_every_target<K: Kernel<2> + Tunable>(name: &str, kernel: impl Fn() -> K) {
    for case in cases() {
        // New exact draws, because the states of the warm-up depend on its adaptation.
        let sampler =
            Sampler::new(tuned(kernel(), &case), &case.target, case.start(3), Key::new(4));
        let samples = sampler.thin(3).sample(20).expect("finite");
        case.assert_close(name, &samples.draws);
        assert!(moved(&samples) > 0.4, "{name}, {}: stands still", case.target.name());
    }
}

/// Returns the mean acceptance. A kernel that stands still passes all other tests.
fn moved(samples: &Samples) -> f64 {
    samples.acceptance.iter().sum::<f64>() / CHAINS as f64
}

#[test]
fn mala_keeps_every_target() {
    keeps_every_target("MALA", || Mala::new(0.3));
}

#[test]
fn hmc_keeps_every_target() {
    keeps_every_target("HMC", || Hmc::new(0.2, 5));
}

#[test]
fn nuts_keeps_every_target() {
    keeps_every_target("NUTS", || Nuts::new(0.2));
}

/// The hot replicas start from draws of the cold distribution and need a few relaxation times to
/// reach their own.
#[test]
fn parallel_tempering_keeps_every_target() {
    for case in cases() {
        let kernel = tuned(Mala::new(0.3), &case);
        let tempered = ParallelTempering::new(kernel, vec![1.0, 1.8, 3.2]);
        let sampler = Sampler::new(tempered, &case.target, case.start(3), Key::new(4));
        let samples = sampler.burn_in(50 + 4 * case.spread).thin(5).sample(20).expect("finite");
        case.assert_close("parallel tempering", &samples.draws);
        assert!(moved(&samples) > 0.3, "{}: replicas do not exchange", case.target.name());
    }
}

/// The negative control: a Metropolis kernel that accepts everything is detected.
#[test]
fn a_kernel_without_correction_is_detected() {
    let target = Box::new(DoubleWell::new(3, 2.0).expect("valid"));
    let case = Case { target, scale: 0.25, spread: 10 };
    let kernel = Langevin::new(0.25);
    let sampler = Sampler::new(kernel, &case.target, case.start(1), Key::new(2));
    let worst = case.worst(&sampler.thin(3).sample(20).expect("finite").draws);
    assert!(worst > 4.0, "ULA's bias went unnoticed: {worst} standard errors");
}
