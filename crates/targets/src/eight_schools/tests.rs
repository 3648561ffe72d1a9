use super::*;
use crate::check;

#[test]
fn known_answers() {
    check::continuous(&EightSchools::new());
}

/// posteriordb's reference moments: mean and standard deviation of μ, τ and θ₁, from 10 000 draws,
/// so with a standard error of a hundredth of the standard deviation, and twice that on the
/// standard deviation of τ, whose tail is heavy.
#[test]
fn reference_posterior() {
    let target = EightSchools::new();
    let near = |given: [f64; 2], expected: [f64; 2], name: &str| {
        assert!((given[0] - expected[0]).abs() < 0.04 * expected[1], "{name}: mean {}", given[0]);
        assert!((given[1] / expected[1] - 1.0).abs() < 0.08, "{name}: deviation {}", given[1]);
    };
    let (mean, variance) = (target.mean().unwrap(), target.variance().unwrap());
    near([mean[0], variance[0].sqrt()], [4.4105, 3.309], "mu");
    let density = EightSchools::log_tau();
    let [tau, tau_squared] = [1.0, 2.0].map(|power| density.mean(|t| (power * t).exp()));
    near([tau, (tau_squared - tau * tau).sqrt()], [3.6021, 3.198], "tau");

    let n = 20_000;
    let draws = values(target.sample(n, Key::new(3), &Device::flex()).expect("exact"));
    let theta: Vec<f64> = draws.chunks(10).map(|x| f64::from(x[0] + x[1].exp() * x[2])).collect();
    let mean = theta.iter().sum::<f64>() / n as f64;
    let variance = theta.iter().map(|theta| (theta - mean).powi(2)).sum::<f64>() / n as f64;
    near([mean, variance.sqrt()], [6.1505, 5.616], "theta[1]");
}

/// The chain rule: U + log Z = −log p(log τ) − log p(μ | τ) − Σ log p(θ̃ⱼ | μ, τ), at any state.
#[test]
fn energy_is_the_posterior() {
    let target = EightSchools::new();
    let x = Key::new(4).normal::<2>([20, 10], &Device::flex());
    let energy = values(target.energy(x.clone()));
    let normal = |x: f64, mean: f64, variance: f64| {
        0.5 * (LN_TAU + variance.ln() + (x - mean).powi(2) / variance)
    };
    let log_mass = EightSchools::log_tau().log_mass;
    for (x, energy) in values(x).chunks(10).zip(energy) {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let given = GivenTau::new(x[1]);
        let of_raw: f64 = (0..8)
            .map(|j| normal(x[j + 2], given.slope[j] * (EFFECTS[j] - x[0]), given.rest[j]))
            .sum();
        let expected =
            log_mass - given.log_mass + normal(x[0], given.mean, given.variance) + of_raw;
        let found = f64::from(energy) + target.log_normaliser().unwrap();
        assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
    }
}

/// Far out the energy grows, and stays a number, where τ² would overflow.
#[test]
fn large_tau() {
    let mut state = vec![0.0_f32; 10];
    state[1] = 60.0;
    let x = Tensor::from_data(TensorData::new(state, [1, 10]), &Device::flex());
    let (energy, gradient) = EightSchools::new().energy_and_gradient(x);
    assert!(energy.into_scalar::<f32>() > 50.0);
    assert!(values(gradient).iter().all(|g| g.is_finite()));
}
