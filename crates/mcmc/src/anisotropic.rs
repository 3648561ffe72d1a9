//! Langevin steps that are shorter where the gradient is large, coordinate by coordinate, in the
//! manner of STANLEY (Karimi, Xie, Li, "STANLEY: Stochastic Gradient Anisotropic Langevin Dynamics
//! for Learning Energy-Based Models", arXiv 2310.12667).

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::statistics::Statistics;

/// A kernel of anisotropic Langevin dynamics: x ← x − (γ²/2)·∇U(x) + γ·ε with γ = δ·τ / max(τ,
/// |∇U(x)|) for each coordinate.
///
/// If all gradients are below τ, this is unadjusted Langevin. Elsewhere the step depends on the
/// position and nothing corrects for it, so the stationary distribution is not the target: for a
/// coordinate that is independent of the others it is exp(−U)·max(τ, |∇U|)² as δ → 0. It keeps
/// chains from diverging in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Anisotropic {
    /// The largest step size δ.
    pub step_size: f64,
    /// The threshold τ of gradients.
    pub threshold: f64,
}

impl Anisotropic {
    /// Creates a kernel with largest step size δ and threshold τ.
    pub fn new(step_size: f64, threshold: f64) -> Self {
        Self { step_size, threshold }
    }
}

impl<const D: usize> Kernel<D> for Anisotropic {
    type State = Tensor<D>;

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        state: Tensor<D>,
        key: Key,
    ) -> (Tensor<D>, Statistics) {
        let (energy, gradient) = energy.energy_and_gradient(state.clone());
        let step = gradient.clone().abs().clamp_min(self.threshold).recip()
            * (self.step_size * self.threshold);
        let noise = key.normal(state.dims(), &state.device());
        let state = state - gradient * step.clone().powi_scalar(2) * 0.5 + noise * step;
        (state, Statistics::new(energy).with_step_size(self.step_size))
    }
}
