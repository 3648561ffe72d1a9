//! Kernels without a Metropolis correction on every target, with steps so small that their bias is
//! below the standard error of the draws; and the other distributions that two of them are known to
//! have.

use burn::tensor::{Device, Tensor, Tolerance};
use ebm_energy::Energy;
use ebm_mcmc::diagnostics::Draws;
use ebm_mcmc::{
    Anisotropic, Kernel, Key, Langevin, PreconditionedSgld, Sampler, Sgld, Statistics, Underdamped,
    run,
};
use ebm_targets::{DiagonalGaussian, DoubleWell, Target};

use crate::common::off;
use crate::{Case, cases};

/// δ/ℓ of Langevin kernels. The relative bias of a variance ℓ² is δ²/(4ℓ²), 1.6 %.
const STEP: f64 = 0.25;

/// Returns the relaxation time along the widest direction, 2·spread·ℓ²/δ² steps of that δ.
fn relaxation(case: &Case) -> usize {
    32 * case.spread
}

/// Returns 20 draws over three relaxation times of `relaxation` steps each, after a burn-in of two.
fn settled<K: Kernel<2>>(kernel: K, case: &Case, relaxation: usize) -> Draws {
    let sampler = Sampler::new(kernel, &case.target, case.start(3), Key::new(4));
    let thin = (3 * relaxation).div_ceil(20);
    sampler.burn_in(2 * relaxation).thin(thin).sample(20).expect("finite").draws
}

#[test]
fn langevin_with_small_steps() {
    for case in cases() {
        let kernel = Langevin::new(STEP * case.scale);
        case.assert_close("ULA", &settled(kernel, &case, relaxation(&case)));
    }
}

/// Langevin with a drift that is twice too large.
struct Wrong {
    step_size: f64,
}

impl Kernel<2> for Wrong {
    type State = Tensor<2>;

    fn step<E: Energy<2>>(&self, energy: &E, x: Tensor<2>, key: Key) -> (Tensor<2>, Statistics) {
        let (energy, gradient) = energy.energy_and_gradient(x.clone());
        let noise = key.normal(x.dims(), &x.device());
        let x = x - gradient * self.step_size.powi(2) + noise * self.step_size;
        (x, Statistics::new(energy))
    }
}

/// The negative control: on every target these tests detect a coefficient that is off by a factor
/// of two.
#[test]
fn a_wrong_kernel_is_detected_on_every_target() {
    for case in cases() {
        let kernel = Wrong { step_size: STEP * case.scale };
        let worst = case.worst(&settled(kernel, &case, relaxation(&case)));
        assert!(worst > 4.0, "{}: only {worst} standard errors", case.target.name());
    }
}

/// With γ = 1/ℓ and δ = ℓ/2 the slowest direction relaxes in γ·spread·ℓ²/δ steps.
#[test]
fn underdamped_with_small_steps() {
    for case in cases() {
        let kernel = Underdamped::new(0.5 * case.scale, 1.0 / case.scale);
        case.assert_close("BAOAB", &settled(kernel, &case, 10 + 2 * case.spread));
    }
}

/// Steps that shrink by a third over the first thousand.
#[test]
fn sgld_with_shrinking_steps() {
    for case in cases() {
        let scale = (STEP * case.scale).powi(2) * 500.0_f64.powf(0.4);
        let kernel = Sgld::new(scale).with_decay(500.0, 0.4);
        case.assert_close("SGLD", &settled(kernel, &case, relaxation(&case)));
    }
}

/// With a long memory the preconditioner 1/(λ + √v) hardly changes along a chain, so that the
/// neglected change does not show. With λ = 2/ℓ no step is longer than those of Langevin above, and
/// few are shorter than half of that.
#[test]
fn preconditioned_sgld_with_a_long_memory() {
    for case in cases() {
        let floor = 2.0 / case.scale;
        let step_size = STEP * case.scale * floor.sqrt();
        let kernel = PreconditionedSgld::new(step_size).with_memory(0.9999).with_floor(floor);
        case.assert_close("pSGLD", &settled(kernel, &case, relaxation(&case)));
    }
}

/// With a threshold above every gradient it is Langevin, noise included.
#[test]
fn anisotropic_below_its_threshold_is_langevin() {
    for case in cases() {
        let step_size = STEP * case.scale;
        let end = |kernel: &dyn Fn(Tensor<2>) -> Tensor<2>| kernel(case.start(3)).into_data();
        let anisotropic = end(&|start| {
            let kernel = Anisotropic::new(step_size, 1e6);
            run(&kernel, &case.target, start, 50, Key::new(4), |_, _| {}).expect("finite").state
        });
        let langevin = end(&|start| {
            let kernel = Langevin::new(step_size);
            run(&kernel, &case.target, start, 50, Key::new(4), |_, _| {}).expect("finite").state
        });
        anisotropic.assert_approx_eq(&langevin, Tolerance::<f32>::rel_abs(1e-2, 1e-2));
    }
}

/// Returns E[x²] of the distribution ∝ exp(−U(x))·weight(U′(x)) on the line, by the trapezoidal
/// rule.
fn weighted_second_moment(target: &impl Target, weight: impl Fn(f64) -> f64) -> f64 {
    let nodes: Vec<f32> = (-6000..=6000).map(|i| i as f32 * 1e-3).collect();
    let x = Tensor::<1>::from_data(nodes.as_slice(), &Device::flex()).unsqueeze_dim(1);
    let (energy, gradient) = target.energy_and_gradient(x);
    let [energy, gradient] = [energy.into_data(), gradient.into_data()];
    let (mut mass, mut second) = (0.0, 0.0);
    for ((x, u), slope) in nodes.iter().zip(energy.iter::<f64>()).zip(gradient.iter::<f64>()) {
        let density = (-u).exp() * weight(slope);
        mass += density;
        second += density * f64::from(*x).powi(2);
    }
    second / mass
}

/// Steps whose length s depends on the gradient of the same coordinate have the stationary
/// distribution exp(−U)/s² as δ → 0, that of the Itô equation dX = −½s²U′dt + s·dW: for anisotropic
/// steps exp(−U)·max(τ, |U′|)², for pSGLD without memory exp(−U)·(λ + |U′|).
#[test]
fn steps_that_follow_the_gradient_have_their_known_distribution() {
    fn check(target: &(impl Target + Clone + 'static), scale: f64) {
        let case = Case { target: Box::new(target.clone()), scale, spread: 4 };
        let has = |name: &str, draws: &Draws, expected: f64| {
            let [errors, of_target] = [expected, target.variance().expect("known")[0]]
                .map(|second| off(draws, |x| x[0] * x[0], second));
            let target = target.name();
            assert!(errors < 4.0, "{name}, {target}: {errors} standard errors");
            assert!(of_target > 4.0, "{name}, {target}: the documentation says it is biased");
        };
        let threshold = 1.0 / scale;
        let kernel = Anisotropic::new(0.1 * scale, threshold);
        let expected = weighted_second_moment(target, |slope| slope.abs().max(threshold).powi(2));
        has("anisotropic", &settled(kernel, &case, 1500), expected);
        let floor = 0.1 / scale;
        let step_size = 0.1 * scale * floor.sqrt();
        let kernel = PreconditionedSgld::new(step_size).with_memory(0.0).with_floor(floor);
        let expected = weighted_second_moment(target, |slope| slope.abs() + floor);
        has("pSGLD", &settled(kernel, &case, 2500), expected);
    }
    check(&DiagonalGaussian::isotropic(1, 1.5).expect("valid"), 1.5);
    check(&DoubleWell::new(1, 2.0).expect("valid"), 0.25);
}
