//! Stochastic-gradient Langevin dynamics: Langevin steps along gradients of random parts of the energy, with
//! steps that shrink (Welling and Teh, ICML 2011), and its preconditioned form (Li, Chen, Carlson, Carin, AAAI
//! 2016).

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;
use serde::{Deserialize, Serialize};

use crate::kernel::{Kernel, State};
use crate::statistics::Statistics;
use crate::update::langevin_update;

/// x ← x − (δₜ²/2)·g + δₜ·ε with δₜ² = a·(b + t)^−γ, where g is the energy's gradient, noisy or not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sgld {
    /// a, the square of the first step's δ at b = 1.
    pub scale: f64,
    /// b.
    pub offset: f64,
    /// γ; in (½, 1] chains converge, 0 keeps the step constant.
    pub decay: f64,
}

impl Sgld {
    /// Creates a kernel whose step size stays at √a.
    pub fn new(scale: f64) -> Self {
        Self { scale, offset: 1.0, decay: 0.0 }
    }

    /// Returns the kernel with steps that shrink as (b + t)^−γ, where b is `offset` and γ is `decay`.
    pub fn with_decay(self, offset: f64, decay: f64) -> Self {
        Self { offset, decay, ..self }
    }
}

/// A position and the number of transitions made.
#[derive(Clone, Debug)]
pub struct Counted<const D: usize> {
    /// Where the chains are.
    pub position: Tensor<D>,
    /// Transitions made.
    pub steps: u64,
}

impl<const D: usize> State<D> for Counted<D> {
    fn at<E: Energy<D>>(_: &E, position: Tensor<D>, _: Key) -> Self {
        Self { position, steps: 0 }
    }

    fn position(&self) -> &Tensor<D> {
        &self.position
    }
}

impl<const D: usize> Kernel<D> for Sgld {
    type State = Counted<D>;

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        Counted { position, steps }: Counted<D>,
        key: Key,
    ) -> (Counted<D>, Statistics) {
        let (energy, gradient) = energy.energy_and_gradient(position.clone());
        let step_size = (self.scale * (self.offset + steps as f64).powf(-self.decay)).sqrt();
        let position = langevin_update(position, gradient, step_size, Some(key));
        let statistics = Statistics::new(energy).with_step_size(step_size);
        (Counted { position, steps: steps + 1 }, statistics)
    }
}

/// x ← x − (δ²/2)·G·g + δ·√G·ε with G = 1/(λ + √v) and v a running mean of g² (RMSprop).
///
/// As in the authors' practice, the term for the change of G is left out: the law is biased where v moves
/// along the chain, the less the nearer α is to 1. Without memory (α = 0) a coordinate that is independent of the
/// others is left with exp(−U)·(λ + |∇U|) as δ → 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PreconditionedSgld {
    /// δ.
    pub step_size: f64,
    /// α, how much of v is kept.
    pub memory: f64,
    /// λ, which limits G.
    pub floor: f64,
}

impl PreconditionedSgld {
    /// Creates a kernel with step size δ, α = 0.99 and λ = 10⁻⁵, as the authors have them.
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

/// A position and the running mean of squared gradients there.
#[derive(Clone, Debug)]
pub struct Preconditioned<const D: usize> {
    /// Where the chains are.
    pub position: Tensor<D>,
    /// v, as the position.
    pub squares: Tensor<D>,
}

impl<const D: usize> State<D> for Preconditioned<D> {
    fn at<E: Energy<D>>(energy: &E, position: Tensor<D>, _: Key) -> Self {
        let (_, gradient) = energy.energy_and_gradient(position.clone());
        Self { position, squares: gradient.powi_scalar(2) }
    }

    fn position(&self) -> &Tensor<D> {
        &self.position
    }
}

impl<const D: usize> Kernel<D> for PreconditionedSgld {
    type State = Preconditioned<D>;

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        Preconditioned { position, squares }: Preconditioned<D>,
        key: Key,
    ) -> (Preconditioned<D>, Statistics) {
        let (energy, gradient) = energy.energy_and_gradient(position.clone());
        let squares = squares * self.memory + gradient.clone().powi_scalar(2) * (1.0 - self.memory);
        let scale = (squares.clone().sqrt() + self.floor).recip();
        let noise = key.normal(position.dims(), &position.device());
        let position = position
            - gradient * scale.clone() * (0.5 * self.step_size * self.step_size)
            + noise * scale.sqrt() * self.step_size;
        let statistics = Statistics::new(energy).with_step_size(self.step_size);
        (Preconditioned { position, squares }, statistics)
    }
}
