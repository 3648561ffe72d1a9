//! Unadjusted Langevin dynamics: gradient descent on the energy plus Gaussian noise, without a
//! Metropolis correction.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::statistics::Statistics;
use crate::update::langevin_update;

/// A kernel of unadjusted Langevin dynamics: x ← x − (δ²/2)·∇U(x) + δ·ε, ε ~ N(0, I) (variational
/// MCMC teaching, eq. 2).
///
/// Its stationary distribution is biased by the step size: for a Gaussian of unit variance it has
/// the variance 1/(1 − δ²/4). Without noise it is gradient descent with step δ²/2, as in the
/// released code of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Langevin {
    /// The step size δ.
    pub step_size: f64,
    /// Adds the noise δ·ε.
    pub noise: bool,
}

impl Langevin {
    /// Creates a kernel with step size δ that adds noise.
    pub fn new(step_size: f64) -> Self {
        Self { step_size, noise: true }
    }

    /// Returns the kernel with noise switched on or off.
    pub fn with_noise(self, noise: bool) -> Self {
        Self { noise, ..self }
    }
}

impl<const D: usize> Kernel<D> for Langevin {
    type State = Tensor<D>;

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        state: Tensor<D>,
        key: Key,
    ) -> (Tensor<D>, Statistics) {
        let (energy, gradient) = energy.energy_and_gradient(state.clone());
        let state = langevin_update(state, gradient, self.step_size, self.noise.then_some(key));
        (state, Statistics::new(energy).with_step_size(self.step_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;
    use burn::tensor::Device;
    use ebm_energy::Gaussian;

    const CHAINS: usize = 4000;
    const TARGET: Gaussian = Gaussian { mean: 0.7, std: 1.5 };

    /// The last states of many independent chains, so that every draw counts in the standard
    /// errors.
    fn draws(kernel: &impl Kernel<2>, steps: usize) -> Vec<f64> {
        let start = Tensor::zeros([CHAINS, 1], &Device::flex());
        let chains = run(kernel, &TARGET, start, steps, Key::new(11), |_, _| {}).expect("finite");
        chains.state.into_data().iter::<f64>().collect()
    }

    /// Errors of mean and variance in Monte-Carlo standard errors, for normal draws.
    fn errors(draws: &[f64], mean: f64, variance: f64) -> (f64, f64) {
        let n = draws.len() as f64;
        let sample_mean = draws.iter().sum::<f64>() / n;
        let sample_variance =
            draws.iter().map(|x| (x - sample_mean).powi(2)).sum::<f64>() / (n - 1.0);
        (
            (sample_mean - mean).abs() / (variance / n).sqrt(),
            (sample_variance - variance).abs() / (variance * (2.0 / n).sqrt()),
        )
    }

    /// x' = a·x + δε about the mean, with a = 1 − δ²/(2σ²): variance δ²/(1 − a²) = σ²/(1 −
    /// δ²/(4σ²)).
    fn stationary_variance(step_size: f64) -> f64 {
        let variance = TARGET.std * TARGET.std;
        variance / (1.0 - step_size * step_size / (4.0 * variance))
    }

    #[test]
    fn small_steps_reproduce_the_target() {
        // Bias of the variance: 0.28 %, an eighth of its standard error of 2.2 %.
        let kernel = Langevin::new(0.16);
        let (mean, variance) = errors(&draws(&kernel, 600), TARGET.mean, TARGET.std * TARGET.std);
        assert!(mean < 4.0 && variance < 4.0, "{mean} and {variance} standard errors");
    }

    #[test]
    fn large_steps_show_the_known_bias() {
        let step_size = 1.5;
        let states = draws(&Langevin::new(step_size), 100);
        let (mean, variance) = errors(&states, TARGET.mean, stationary_variance(step_size));
        assert!(mean < 4.0 && variance < 4.0, "{mean} and {variance} standard errors");
        let (_, unbiased) = errors(&states, TARGET.mean, TARGET.std * TARGET.std);
        assert!(unbiased > 4.0, "the bias of 33 % must be visible, not hidden: {unbiased}");
    }

    /// (1 − δ²/2)ᵀ·x₀ is what gradient descent on ‖x‖²/2 leaves.
    #[test]
    fn without_noise_it_descends() {
        let unit = Gaussian { mean: 0.0, std: 1.0 };
        let start = Tensor::<2>::ones([1, 1], &Device::flex());
        let kernel = Langevin::new(0.5).with_noise(false);
        let chains = run(&kernel, &unit, start, 10, Key::new(0), |_, _| {}).expect("finite");
        let left: f32 = chains.state.into_scalar();
        assert!((f64::from(left) - 0.875_f64.powi(10)).abs() < 1e-6, "{left}");
    }
}
