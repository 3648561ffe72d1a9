//! Kernels at large steps, with their known rates and biases, warm-up, tempering and annealed
//! importance sampling, at fixed seeds, within four standard errors.

mod common;

use burn::tensor::{Device, Tensor};
use common::off;
use ebm_energy::{Energy, FnEnergy, Gaussian};
use ebm_mcmc::{
    Hmc, Kernel, Key, Langevin, Mala, Nuts, ParallelTempering, Sampler, Samples, WarmUp,
    annealed_importance, run,
};
use ebm_targets::{DiagonalGaussian, DoubleWell, Target};
use ebm_testing::standard_errors;

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

/// Returns the mean of `f` over the coordinates of a draw, which are alike.
fn each(f: impl Fn(f64) -> f64) -> impl Fn(&[f64]) -> f64 {
    move |draw| draw.iter().map(|&x| f(x)).sum::<f64>() / draw.len() as f64
}

fn has_moments(name: &str, samples: &Samples, mean: f64, second: f64) {
    let errors =
        [off(&samples.draws, each(|x| x), mean), off(&samples.draws, each(|x| x * x), second)];
    assert!(errors.iter().all(|e| *e < 4.0), "{name}: {errors:?} standard errors");
}

const GAUSSIAN: Gaussian = Gaussian { mean: 0.7, std: 1.5 };
/// E[x²] of the Gaussian.
const SECOND: f64 = 0.49 + 2.25;

/// U = Σ 2(x² − 1)², with E[x²] = 0.8521361522 by quadrature.
fn double_well() -> impl Energy<2> {
    FnEnergy::new(|x: Tensor<2>| {
        ((x.powi_scalar(2) - 1.0).powi_scalar(2) * 2.0).sum_dim(1).squeeze_dim::<1>(1)
    })
}

/// Half of the chains in each well, because N(0, 1) has tails in which MALA stands still.
fn in_the_wells(dim: usize) -> Tensor<2> {
    let sign = Tensor::<1, burn::tensor::Int>::arange(0..CHAINS as i64, &Device::flex());
    (sign.float().reshape([CHAINS, 1]).remainder_scalar(2.0) * 2.0 - 1.0).repeat_dim(1, dim)
}

#[test]
fn metropolis_kernels_are_exact_at_large_steps() {
    let run = [60, 2, 60];
    let mala = sample(Mala::new(1.8), &GAUSSIAN, zeros(2), run);
    has_moments("MALA", &mala, 0.7, SECOND);
    let hmc = sample(Hmc::new(1.2, 3), &GAUSSIAN, zeros(2), run);
    has_moments("HMC", &hmc, 0.7, SECOND);
    assert!(hmc.acceptance.iter().all(|&a| a < 0.999), "the step is not small");
    let well = double_well();
    let start = || in_the_wells(2);
    let mala = sample(Mala::new(0.4), &well, start(), [100, 5, 60]);
    has_moments("MALA, double well", &mala, 0.0, 0.852_136_152_2);
    let hmc = sample(Hmc::new(0.25, 5), &well, start(), [100, 2, 60]);
    has_moments("HMC, double well", &hmc, 0.0, 0.852_136_152_2);
}

/// The stationary acceptance with δ²/2 = h, by quadrature in one dimension and by 4·10⁵ draws
/// (± 2·10⁻⁴) in ten.
#[test]
fn mala_accepts_as_often_as_it_should() {
    let gaussian = |dim| DiagonalGaussian::isotropic(dim, 1.0).expect("valid");
    let well = DoubleWell::new(1, 2.0).expect("valid");
    let rows: [(&dyn Target, f64, f64, f64); 7] = [
        (&gaussian(1), 0.2, 0.979_875_175_5, 0.0),
        (&gaussian(1), 0.5, 0.920_833_416_1, 0.0),
        (&gaussian(1), 1.0, 0.783_653_554_2, 0.0),
        (&gaussian(10), 0.1, 0.972_51, 2e-4),
        (&gaussian(10), 0.2, 0.922_29, 2e-4),
        (&well, 0.01, 0.984_557_506_6, 0.0),
        (&well, 0.05, 0.849_039_758_1, 0.0),
    ];
    for (target, h, expected, error) in rows {
        let start = target.sample(CHAINS, Key::new(18), &Device::flex()).expect("a sampler");
        let kernel = Mala::new((2.0 * h).sqrt());
        let samples = sample(kernel, &target, start, [0, 1, 200]);
        let rates = &samples.acceptance;
        let low = standard_errors(rates, expected - 4.0 * error);
        let mean = rates.iter().sum::<f64>() / CHAINS as f64;
        let off = low
            .min(standard_errors(rates, expected))
            .min(standard_errors(rates, expected + 4.0 * error));
        let name = target.name();
        assert!(off < 4.0, "{name}, h = {h}: acceptance {mean}, {off} standard errors off");
    }
}

/// E[x²] of the stationary distribution of ULA on the double well of barrier 2, where δ²/2 = h,
/// from powers of its transition matrix on a grid. The target has 0.8521361522.
#[test]
fn langevin_has_its_known_bias_on_the_double_well() {
    let well = DoubleWell::new(4, 2.0).expect("valid");
    let unbiased = 0.852_136_152_2;
    for (h, expected) in [
        (0.02_f64, 0.828_069_695_6),
        (0.01, 0.841_264_294_4),
        (0.005, 0.846_919_015_7),
        (0.001, 0.851_123_095_2),
    ] {
        let kernel = Langevin::new((2.0 * h).sqrt());
        let start = well.sample(20_000, Key::new(19), &Device::flex()).expect("a sampler");
        let end = kernel.run_fused(&well, start, (4.0 / h) as usize, Key::new(20)).expect("finite");
        let squares: Vec<f64> = end.into_data().iter::<f64>().map(|x| x * x).collect();
        let off = standard_errors(&squares, expected);
        assert!(off < 4.0, "h = {h}: {off} standard errors");
        let visible = standard_errors(&squares, unbiased) > 4.0;
        assert!(visible || h < 0.01, "h = {h}: the bias must be visible");
    }
}

/// The target is ½N(−1, 0.3²) + ½N(1, 0.3²) in two dimensions, with variance 1.09, and all chains
/// start in one mode: they find the other one with exchanges, and not without.
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
    let kernel = Mala::new(0.35);
    let alone = sample(kernel, &mixture, start(), [100, 2, 60]);
    assert!(
        off(&alone.draws, each(|x| x), 0.0) > 4.0,
        "without exchanges the other mode is not found"
    );
    let tempered = ParallelTempering::new(kernel, vec![1.0, 2.5, 6.0, 15.0]);
    let samples = sample(tempered, &mixture, start(), [400, 4, 60]);
    has_moments("parallel tempering", &samples, 0.0, 1.09);
}

#[test]
fn warm_up_reaches_the_acceptance() {
    let warm_up = WarmUp::new(300).with_acceptance(0.7);
    let (kernel, state) =
        warm_up.run(Mala::new(0.01), &GAUSSIAN, zeros(5), Key::new(3)).expect("it can be accepted");
    let samples = sample(kernel, &GAUSSIAN, state.position, [10, 1, 50]);
    let mean = samples.acceptance.iter().sum::<f64>() / CHAINS as f64;
    assert!((mean - 0.7).abs() < 0.05, "acceptance {mean} with {kernel:?}");
}

/// The ratio of the unnormalised N(3, 2²) to N(0, 1) is 2.
#[test]
fn annealed_importance_finds_the_ratio() {
    let from = Gaussian { mean: 0.0, std: 1.0 };
    let to = Gaussian { mean: 3.0, std: 2.0 };
    let draws = Key::new(5).normal::<2>([2000, 1], &Device::flex());
    let ratio =
        annealed_importance(&Mala::new(1.0), &from, &to, draws, 60, Key::new(6)).expect("finite");
    let off = (ratio.value - 2.0_f64.ln()).abs() / ratio.standard_error;
    assert!(off < 4.0 && ratio.standard_error < 0.05, "{} ± {}", ratio.value, ratio.standard_error);
}

/// A Gaussian with correlation 0.75 and variances of 1 and 4, a regression target of BlackJAX.
#[test]
fn nuts_reproduces_gaussians() {
    let correlated = FnEnergy::new(|x: Tensor<2>| {
        // The precision of the covariance [[1, 1.5], [1.5, 4]], whose determinant is 1.75.
        let [a, b] = [0, 1].map(|i| x.clone().narrow(1, i, 1).squeeze_dim::<1>(1));
        let b = b - 3.0;
        (a.clone().powi_scalar(2) * 4.0 - a * b.clone() * 3.0 + b.powi_scalar(2)) / 3.5
    });
    let start = || Tensor::<2>::zeros([100, 2], &Device::flex());
    let samples = sample(Nuts::new(0.5), &correlated, start(), [30, 1, 100]);
    let means = [0.0, 3.0];
    for (i, j, product) in [(0, 0, 1.0), (1, 1, 4.0), (0, 1, 1.5)] {
        let errors = [
            off(&samples.draws, |x| x[j], means[j]),
            off(&samples.draws, |x| (x[i] - means[i]) * (x[j] - means[j]), product),
        ];
        assert!(errors.iter().all(|e| *e < 4.0), "{i}, {j}: {errors:?} standard errors");
    }
}

/// Independent coordinates with standard deviations 1 and 100.
fn badly_scaled() -> impl Energy<2> {
    FnEnergy::new(|x: Tensor<2>| {
        let scale = Tensor::<2>::from_data([[1.0, 1e-4]], &x.device());
        (x.powi_scalar(2) * scale).sum_dim(1).squeeze_dim::<1>(1) * 0.5
    })
}

#[test]
fn nuts_learns_the_mass() {
    let narrow = badly_scaled();
    let start = Tensor::<2>::zeros([20, 2], &Device::flex());
    let warm_up = WarmUp::new(300);
    let (kernel, state) =
        warm_up.run(Nuts::new(0.1), &narrow, start, Key::new(4)).expect("it can be accepted");
    let ratio = kernel.inverse_mass[1] / kernel.inverse_mass[0];
    assert!((5e3..2e4).contains(&ratio), "{kernel:?}");
    let samples = sample(kernel, &narrow, state.position, [10, 1, 100]);
    let mean = samples.acceptance.iter().sum::<f64>() / 20.0;
    assert!((mean - 0.8).abs() < 0.1, "acceptance {mean}");
}

/// Trajectories of fixed length explore both coordinates once their mass is known, and not before.
#[test]
fn hmc_learns_the_mass() {
    let narrow = badly_scaled();
    let start = || Tensor::<2>::zeros([100, 2], &Device::flex());
    let warm_up = WarmUp::new(400);
    let (kernel, state) =
        warm_up.run(Hmc::new(0.1, 5), &narrow, start(), Key::new(4)).expect("it can be accepted");
    let ratio = kernel.inverse_mass[1] / kernel.inverse_mass[0];
    assert!((5e3..2e4).contains(&ratio), "{kernel:?}");
    let samples = sample(kernel.clone(), &narrow, state.position, [20, 1, 100]);
    for (i, variance) in [1.0, 1e4].into_iter().enumerate() {
        let errors =
            [off(&samples.draws, |x| x[i], 0.0), off(&samples.draws, |x| x[i] * x[i], variance)];
        assert!(errors.iter().all(|e| *e < 4.0), "coordinate {i}: {errors:?} standard errors");
    }
    let unit = kernel.with_inverse_mass([]);
    let samples = sample(unit, &narrow, start(), [20, 1, 100]);
    assert!(off(&samples.draws, |x| x[1] * x[1], 1e4) > 4.0, "no mass was needed");
}

/// Any mass leaves the target invariant, also one that does not suit it and one that is shorter
/// than the state.
#[test]
fn hmc_is_exact_with_any_mass() {
    for inverse_mass in [vec![0.3, 2.0], vec![4.0]] {
        let kernel = Hmc::new(0.7, 3).with_inverse_mass(inverse_mass);
        let samples = sample(kernel, &GAUSSIAN, zeros(2), [60, 2, 60]);
        has_moments("HMC", &samples, 0.7, SECOND);
        assert!(samples.acceptance.iter().all(|&a| a < 0.999), "the step is not small");
    }
}

/// With an inverse mass of ones the trajectory is that of unit mass.
#[test]
fn a_mass_of_ones_is_unit_mass() {
    let end = |kernel: Hmc| {
        let chains = run(&kernel, &GAUSSIAN, zeros(2), 5, Key::new(9), |_, _| {});
        chains.expect("finite").state.into_data()
    };
    let hmc = Hmc::new(0.7, 3);
    end(hmc.clone()).assert_eq(&end(hmc.with_inverse_mass([1.0, 1.0])), true);
}
