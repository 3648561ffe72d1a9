//! Every kernel against moments that are known exactly, at fixed seeds, within four standard errors; and the
//! errors that unadjusted kernels are known to make.

mod common;

use burn::tensor::{Device, Tensor};
use common::{deviation, off};
use ebm_energy::{Energy, FnEnergy, Gaussian};
use ebm_mcmc::{
    Anisotropic, Gibbs, GibbsWithGradients, Hmc, Kernel, Key, Langevin, Mala, Nuts,
    ParallelTempering, PreconditionedSgld, Sampler, Samples, Sgld, Underdamped, WarmUp,
    annealed_importance,
};

const CHAINS: usize = 400;

fn zeros(dim: usize) -> Tensor<2> {
    Tensor::zeros([CHAINS, dim], &Device::flex())
}

fn sample<K: Kernel<2>>(
    kernel: K,
    target: &impl Energy<2>,
    start: Tensor<2>,
    [burn_in, thin, draws]: [usize; 3],
) -> Samples {
    Sampler::new(kernel, target, start, Key::new(17))
        .burn_in(burn_in)
        .thin(thin)
        .sample(draws)
        .expect("finite")
}

/// The mean of `f` over the coordinates of a draw, which are alike.
fn each(f: impl Fn(f64) -> f64) -> impl Fn(&[f64]) -> f64 {
    move |draw| draw.iter().map(|&x| f(x)).sum::<f64>() / draw.len() as f64
}

fn has_moments(name: &str, samples: &Samples, mean: f64, second: f64) {
    let errors = [off(samples, each(|x| x), mean), off(samples, each(|x| x * x), second)];
    assert!(errors.iter().all(|e| *e < 4.0), "{name}: {errors:?} standard errors");
}

const GAUSSIAN: Gaussian = Gaussian { mean: 0.7, std: 1.5 };
/// E[x²] of the Gaussian.
const SECOND: f64 = 0.49 + 2.25;

/// Σ 2(x² − 1)²; E[x²] = 0.8521361522 by quadrature.
fn double_well() -> impl Energy<2> {
    FnEnergy::new(|x: Tensor<2>| {
        ((x.powi_scalar(2) - 1.0).powi_scalar(2) * 2.0).sum_dim(1).squeeze_dim::<1>(1)
    })
}

/// Half the chains in each well: a start in N(0, 1) has tails in which MALA stands still.
fn in_the_wells(dim: usize) -> Tensor<2> {
    let sign = Tensor::<1, burn::tensor::Int>::arange(0..CHAINS as i64, &Device::flex());
    (sign.float().reshape([CHAINS, 1]).remainder_scalar(2.0) * 2.0 - 1.0).repeat_dim(1, dim)
}

#[test]
fn metropolis_kernels_are_exact_at_large_steps() {
    let run = [60, 2, 60];
    let mala = sample(Mala { step_size: 1.8 }, &GAUSSIAN, zeros(2), run);
    has_moments("MALA", &mala, 0.7, SECOND);
    let hmc = sample(Hmc { step_size: 1.2, leapfrog_steps: 3 }, &GAUSSIAN, zeros(2), run);
    has_moments("HMC", &hmc, 0.7, SECOND);
    assert!(hmc.acceptance.iter().all(|&a| a < 0.999), "the step is not small");
    let well = double_well();
    let start = || in_the_wells(2);
    let mala = sample(Mala { step_size: 0.4 }, &well, start(), [100, 5, 60]);
    has_moments("MALA, double well", &mala, 0.0, 0.852_136_152_2);
    let hmc = sample(Hmc { step_size: 0.25, leapfrog_steps: 5 }, &well, start(), [100, 2, 60]);
    has_moments("HMC, double well", &hmc, 0.0, 0.852_136_152_2);
}

/// In stationarity, h = δ²/2: acceptance 0.9208334161 for N(0, 1) at h = 0.5.
#[test]
fn mala_accepts_as_often_as_it_should() {
    let unit = Gaussian { mean: 0.0, std: 1.0 };
    let samples = sample(Mala { step_size: 1.0 }, &unit, zeros(1), [50, 1, 200]);
    let off = deviation(&samples.acceptance, 0.920_833_416_1);
    assert!(off < 4.0, "acceptance {off} standard errors off");
}

/// The bias of the unadjusted step: variance σ²/(1 − δ²/(4σ²)).
#[test]
fn langevin_has_its_known_bias() {
    let step_size = 1.5;
    let variance = 2.25 / (1.0 - step_size * step_size / 9.0);
    let samples = sample(Langevin { step_size, noise: true }, &GAUSSIAN, zeros(2), [60, 2, 60]);
    has_moments("ULA", &samples, 0.7, 0.49 + variance);
    assert!(off(&samples, each(|x| x * x), SECOND) > 4.0, "the bias must be visible");
}

/// The positions of BAOAB are exact for a Gaussian at any stable step.
#[test]
fn underdamped_is_exact_for_a_gaussian() {
    let kernel = Underdamped { step_size: 1.5, friction: 1.0 };
    let samples = sample(kernel, &GAUSSIAN, zeros(2), [60, 2, 60]);
    has_moments("BAOAB", &samples, 0.7, SECOND);
}

#[test]
fn stochastic_gradient_kernels_reproduce_a_gaussian() {
    let sgld = Sgld { scale: 0.09, offset: 1.0, decay: 0.1 };
    let samples = sample(sgld, &GAUSSIAN, zeros(2), [400, 10, 60]);
    has_moments("SGLD", &samples, 0.7, SECOND);
    // A long memory: the preconditioner hardly moves, so its neglected change does not show.
    let preconditioned = PreconditionedSgld { step_size: 0.2, memory: 0.999, floor: 0.5 };
    let samples = sample(preconditioned, &GAUSSIAN, zeros(2), [600, 10, 60]);
    has_moments("pSGLD", &samples, 0.7, SECOND);
}

/// With a threshold above every gradient it is Langevin; with a low one it is another law, which is said.
#[test]
fn anisotropic_steps() {
    let kernel = |threshold| Anisotropic { step_size: 0.3, threshold };
    let samples = sample(kernel(1e6), &GAUSSIAN, zeros(2), [400, 10, 60]);
    has_moments("anisotropic", &samples, 0.7, 0.49 + 2.25 / (1.0 - 0.09 / 9.0));
    let samples = sample(kernel(0.3), &GAUSSIAN, zeros(2), [400, 10, 60]);
    assert!(off(&samples, each(|x| x * x), SECOND) > 4.0, "the doc comment says it is biased");
}

/// ½N(−1, 0.3²) + ½N(1, 0.3²) in two dimensions, all chains begun in one mode: variance 1.09 with exchanges,
/// and not without.
#[test]
fn tempering_finds_the_other_mode() {
    let mixture = FnEnergy::new(|x: Tensor<2>| {
        let part = |centre: f64| {
            (x.clone() - centre).powi_scalar(2).sum_dim(1).squeeze_dim::<1>(1) / (-2.0 * 0.09)
        };
        let [a, b] = [part(-1.0), part(1.0)];
        let largest = a.clone().max_pair(b.clone());
        (largest.clone() + ((a - largest.clone()).exp() + (b - largest).exp()).log()).neg()
    });
    let start = || zeros(2) - 1.0;
    let kernel = Mala { step_size: 0.35 };
    let alone = sample(kernel, &mixture, start(), [100, 2, 60]);
    assert!(off(&alone, each(|x| x), 0.0) > 4.0, "without exchanges the other mode is not found");
    let tempered = ParallelTempering { kernel, temperatures: vec![1.0, 2.5, 6.0, 15.0] };
    let samples = sample(tempered, &mixture, start(), [400, 4, 60]);
    has_moments("parallel tempering", &samples, 0.0, 1.09);
}

#[test]
fn warm_up_reaches_the_acceptance() {
    let warm_up = WarmUp { steps: 300, acceptance: 0.7 };
    let (kernel, state) = warm_up
        .run(Mala { step_size: 0.01 }, &GAUSSIAN, zeros(5), Key::new(3))
        .expect("it can be accepted");
    let samples = sample(kernel, &GAUSSIAN, state.position, [10, 1, 50]);
    let mean = samples.acceptance.iter().sum::<f64>() / CHAINS as f64;
    assert!((mean - 0.7).abs() < 0.05, "acceptance {mean} with {kernel:?}");
}

/// N(0, 1) to 2·N(3, 2²) unnormalised: log 2.
#[test]
fn annealed_importance_finds_the_ratio() {
    let from = Gaussian { mean: 0.0, std: 1.0 };
    let to = Gaussian { mean: 3.0, std: 2.0 };
    let draws = Key::new(5).normal::<2>([2000, 1], &Device::flex());
    let ratio = annealed_importance(&Mala { step_size: 1.0 }, &from, &to, draws, 60, Key::new(6))
        .expect("finite");
    let off = (ratio.value - 2.0_f64.ln()).abs() / ratio.standard_error;
    assert!(off < 4.0 && ratio.standard_error < 0.05, "{} ± {}", ratio.value, ratio.standard_error);
}

/// The negative control: drift twice too large, and the tests above notice.
#[test]
fn a_wrong_kernel_fails() {
    #[derive(Clone, Copy)]
    struct Wrong;
    impl Kernel<2> for Wrong {
        type State = Tensor<2>;

        fn step<E: Energy<2>>(
            &self,
            energy: &E,
            x: Tensor<2>,
            key: Key,
        ) -> (Tensor<2>, ebm_mcmc::Statistics) {
            let (energy, gradient) = energy.energy_and_gradient(x.clone());
            let noise = key.normal(x.dims(), &x.device());
            let x = x - gradient * 0.01 + noise * 0.1;
            (x, ebm_mcmc::Statistics::of(energy))
        }
    }
    let samples = sample(Wrong, &GAUSSIAN, zeros(2), [2000, 20, 60]);
    assert!(off(&samples, each(|x| (x - 0.7).powi(2)), 2.25) > 4.0);
}

/// Correlation 0.75 and variances of 1 and 4 (BlackJAX's regression target), and a narrow Gaussian in which only a
/// learned mass gets along.
#[test]
fn nuts_reproduces_gaussians() {
    let correlated = FnEnergy::new(|x: Tensor<2>| {
        // Precision of [[1, 1.5], [1.5, 4]] (determinant 1.75).
        let [a, b] = [0, 1].map(|i| x.clone().narrow(1, i, 1).squeeze_dim::<1>(1));
        let b = b - 3.0;
        (a.clone().powi_scalar(2) * 4.0 - a * b.clone() * 3.0 + b.powi_scalar(2)) / 3.5
    });
    let start = || Tensor::<2>::zeros([100, 2], &Device::flex());
    let samples = sample(Nuts::new(0.5), &correlated, start(), [30, 1, 100]);
    let means = [0.0, 3.0];
    for (i, j, product) in [(0, 0, 1.0), (1, 1, 4.0), (0, 1, 1.5)] {
        let errors = [
            off(&samples, |x| x[j], means[j]),
            off(&samples, |x| (x[i] - means[i]) * (x[j] - means[j]), product),
        ];
        assert!(errors.iter().all(|e| *e < 4.0), "{i}, {j}: {errors:?} standard errors");
    }
}

#[test]
fn nuts_learns_the_mass() {
    // Standard deviations 1 and 100.
    let narrow = FnEnergy::new(|x: Tensor<2>| {
        let scale = Tensor::<2>::from_data([[1.0, 1e-4]], &x.device());
        (x.powi_scalar(2) * scale).sum_dim(1).squeeze_dim::<1>(1) * 0.5
    });
    let start = Tensor::<2>::zeros([20, 2], &Device::flex());
    let warm_up = WarmUp { steps: 300, acceptance: 0.8 };
    let (kernel, state) =
        warm_up.run(Nuts::new(0.1), &narrow, start, Key::new(4)).expect("it can be accepted");
    let ratio = kernel.inverse_mass[1] / kernel.inverse_mass[0];
    assert!((5e3..2e4).contains(&ratio), "{kernel:?}");
    let samples = sample(kernel, &narrow, state.position, [10, 1, 100]);
    let mean = samples.acceptance.iter().sum::<f64>() / 20.0;
    assert!((mean - 0.8).abs() < 0.1, "acceptance {mean}");
}

/// A ring of four spins with J = 0.5: ⟨sᵢsᵢ₊₁⟩ = 0.5363436040 by enumeration.
#[test]
fn discrete_kernels_reproduce_a_ring_of_spins() {
    let ring = FnEnergy::new(|s: Tensor<2>| {
        let next = Tensor::cat(vec![s.clone().narrow(1, 1, 3), s.clone().narrow(1, 0, 1)], 1);
        (s * next).sum_dim(1).squeeze_dim::<1>(1) * -0.5
    });
    let up = || Tensor::<2>::ones([CHAINS, 4], &Device::flex());
    let values = [-1.0, 1.0];
    let check = |name: &str, samples: Samples| {
        let neighbours = |s: &[f64]| (0..4).map(|i| s[i] * s[(i + 1) % 4]).sum::<f64>() / 4.0;
        let errors = off(&samples, neighbours, 0.536_343_604);
        assert!(errors < 4.0, "{name}: {errors} standard errors");
        assert!(off(&samples, each(|s| s), 0.0) < 4.0, "{name}: up and down are alike");
    };
    check("Gibbs", sample(Gibbs { values }, &ring, up(), [20, 1, 60]));
    check("GWG", sample(GibbsWithGradients { values }, &ring, up(), [40, 4, 60]));
}
