//! Stochastic-gradient Langevin dynamics: Langevin steps along gradients of random parts of the
//! energy, with steps that shrink (Welling and Teh, ICML 2011), and its preconditioned form (Li,
//! Chen, Carlson, Carin, AAAI 2016).

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;
use serde::{Deserialize, Serialize};

use crate::kernel::{Kernel, State};
use crate::statistics::Statistics;
use crate::update::langevin_update;

/// A kernel of stochastic-gradient Langevin dynamics: x ← x − (δₜ²/2)·g + δₜ·ε with δₜ² = a·(b +
/// t)^−γ, where g is the gradient of the energy, noisy or exact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sgld {
    /// The scale a, which is the square of the first step size for b = 1.
    pub scale: f64,
    /// The offset b.
    pub offset: f64,
    /// The decay γ: for γ in (½, 1] chains converge, with 0 the step size is constant.
    pub decay: f64,
}

impl Sgld {
    /// Creates a kernel whose step size stays at √a.
    pub fn new(scale: f64) -> Self {
        Self { scale, offset: 1.0, decay: 0.0 }
    }

    /// Returns the kernel with steps that shrink as (b + t)^−γ, where b is `offset` and γ is
    /// `decay`.
    pub fn with_decay(self, offset: f64, decay: f64) -> Self {
        Self { offset, decay, ..self }
    }
}

/// A position with the number of transitions made.
#[derive(Clone, Debug)]
pub struct SgldState<const D: usize> {
    /// The position, `[chains, …]`.
    pub position: Tensor<D>,
    /// The number of transitions made.
    pub steps: u64,
}

impl<const D: usize> State<D> for SgldState<D> {
    fn at<E: Energy<D>>(_: &E, position: Tensor<D>, _: Key) -> Self {
        Self { position, steps: 0 }
    }

    fn position(&self) -> &Tensor<D> {
        &self.position
    }
}

impl<const D: usize> Kernel<D> for Sgld {
    type State = SgldState<D>;

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        SgldState { position, steps }: SgldState<D>,
        key: Key,
    ) -> (SgldState<D>, Statistics) {
        let (energy, gradient) = energy.energy_and_gradient(position.clone());
        let step_size = (self.scale * (self.offset + steps as f64).powf(-self.decay)).sqrt();
        let position = langevin_update(position, gradient, step_size, Some(key));
        let statistics = Statistics::new(energy).with_step_size(step_size);
        (SgldState { position, steps: steps + 1 }, statistics)
    }
}

/// A kernel of preconditioned stochastic-gradient Langevin dynamics: x ← x − (δ²/2)·G·g + δ·√G·ε
/// with G = 1/(λ + √v) and v a running mean of g² (RMSprop).
///
/// The term for the change of G is left out, as in the authors' experiments, so the stationary
/// distribution is biased where v changes along the chain, the less the closer α is to 1. Without
/// memory (α = 0) it is exp(−U)·(λ + |∇U|) as δ → 0, for a coordinate that is independent of the
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PreconditionedSgld {
    /// The step size δ.
    pub step_size: f64,
    /// The share α of v that is kept.
    pub memory: f64,
    /// The floor λ, which limits G.
    pub floor: f64,
}

impl PreconditionedSgld {
    /// Creates a kernel with step size δ and the authors' α = 0.99 and λ = 10⁻⁵.
    pub fn new(step_size: f64) -> Self {
        Self { step_size, memory: 0.99, floor: 1e-5 }
    }

    /// Returns the kernel with another α.
    pub fn with_memory(self, memory: f64) -> Self {
        Self { memory, ..self }
    }

    /// Returns the kernel with another λ.
    pub fn with_floor(self, floor: f64) -> Self {
        Self { floor, ..self }
    }
}

/// A position with the running mean of squared gradients.
#[derive(Clone, Debug)]
pub struct PreconditionedState<const D: usize> {
    /// The position, `[chains, …]`.
    pub position: Tensor<D>,
    /// The running mean v, with the shape of the position.
    pub squares: Tensor<D>,
}

impl<const D: usize> State<D> for PreconditionedState<D> {
    fn at<E: Energy<D>>(energy: &E, position: Tensor<D>, _: Key) -> Self {
        let (_, gradient) = energy.energy_and_gradient(position.clone());
        Self { position, squares: gradient.powi_scalar(2) }
    }

    fn position(&self) -> &Tensor<D> {
        &self.position
    }
}

impl<const D: usize> Kernel<D> for PreconditionedSgld {
    type State = PreconditionedState<D>;

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        PreconditionedState { position, squares }: PreconditionedState<D>,
        key: Key,
    ) -> (PreconditionedState<D>, Statistics) {
        let (energy, gradient) = energy.energy_and_gradient(position.clone());
        let squares = squares * self.memory + gradient.clone().powi_scalar(2) * (1.0 - self.memory);
        let scale = (squares.clone().sqrt() + self.floor).recip();
        let noise = key.normal(position.dims(), &position.device());
        let position = position
            - gradient * scale.clone() * (0.5 * self.step_size * self.step_size)
            + noise * scale.sqrt() * self.step_size;
        let statistics = Statistics::new(energy).with_step_size(self.step_size);
        (PreconditionedState { position, squares }, statistics)
    }
}
