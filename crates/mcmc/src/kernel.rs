//! The trait of one transition.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;

/// One transition of a batch of independent chains. Kernels hold neither device nor state.
pub trait Kernel<const D: usize> {
    /// Moves every chain once. `key` is used for this transition only.
    ///
    /// # Shapes
    /// - `state`: `[chains, …]`
    fn step<E: Energy<D>>(&self, energy: &E, state: Tensor<D>, key: Key) -> Transition<D>;
}

/// What a transition leaves behind.
#[derive(Clone, Debug)]
pub struct Transition<const D: usize> {
    /// The new states, `[chains, …]`.
    pub state: Tensor<D>,
    /// U of the states that the transition started from, `[chains]`: it comes with the gradient there.
    pub energy: Tensor<1>,
}
