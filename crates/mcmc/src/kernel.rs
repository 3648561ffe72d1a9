//! The trait of one transition, and of the state that chains carry between transitions.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;

use crate::statistics::Statistics;

/// A transition of a batch of independent chains. Kernels hold neither device nor state.
pub trait Kernel<const D: usize> {
    /// The state that a chain carries from one transition to the next: its position, and values
    /// that need not be computed twice.
    type State: State<D>;

    /// Returns a state at `position`, `[chains, …]`. `key` is used for this call only.
    fn start<E: Energy<D>>(&self, energy: &E, position: Tensor<D>, key: Key) -> Self::State {
        State::at(energy, position, key)
    }

    /// Moves every chain once. `key` is used for this transition only.
    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        state: Self::State,
        key: Key,
    ) -> (Self::State, Statistics);
}

/// The state of a batch of chains.
pub trait State<const D: usize>: Clone {
    /// Creates the state of chains that begin at `position`, `[chains, …]`. `key` is used for this
    /// call only.
    fn at<E: Energy<D>>(energy: &E, position: Tensor<D>, key: Key) -> Self;

    /// Returns the position, `[chains, …]`.
    fn position(&self) -> &Tensor<D>;

    /// Returns U at the position, `[chains]`, if the state holds it.
    fn energy(&self) -> Option<&Tensor<1>> {
        None
    }
}

impl<const D: usize> State<D> for Tensor<D> {
    fn at<E: Energy<D>>(_: &E, position: Tensor<D>, _: Key) -> Self {
        position
    }

    fn position(&self) -> &Tensor<D> {
        self
    }
}
