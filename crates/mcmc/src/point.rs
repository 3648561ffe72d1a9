//! A position with the energy and the gradient there, and the Metropolis rule.

use burn::tensor::{Bool, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;

use crate::kernel::State;

/// A position with the energy and the gradient there.
#[derive(Clone, Debug)]
pub struct Point<const D: usize> {
    /// The position, `[chains, …]`.
    pub position: Tensor<D>,
    /// The energy U, `[chains]`.
    pub energy: Tensor<1>,
    /// The gradient ∇U, with the shape of the position.
    pub gradient: Tensor<D>,
}

/// The decision of the Metropolis rule for each chain.
pub(crate) struct Decision {
    /// The probability of acceptance, `[chains]`.
    pub(crate) probability: Tensor<1>,
    /// Whether the proposal was accepted, `[chains]`.
    pub(crate) accepted: Tensor<1, Bool>,
}

impl<const D: usize> Point<D> {
    /// Evaluates the energy at `position`.
    pub fn new<E: Energy<D>>(energy: &E, position: Tensor<D>) -> Self {
        let (value, gradient) = energy.energy_and_gradient(position.clone());
        Self { position, energy: value, gradient }
    }

    /// Applies the Metropolis rule: returns `proposal` with probability min(1, exp(`log_ratio`)),
    /// else `self`, for each chain.
    pub(crate) fn accept(self, proposal: Self, log_ratio: Tensor<1>, key: Key) -> (Self, Decision) {
        // A proposal whose energy is NaN or infinite is never accepted: exp(NaN) is not greater
        // than u.
        let shape = log_ratio.dims();
        let uniform = key.uniform::<1>(shape, &log_ratio.device());
        let probability = log_ratio.clamp_max(0.0).exp();
        let probability = probability.clone().mask_fill(probability.is_nan(), 0.0);
        let accepted = probability.clone().greater(uniform);
        let chosen = Self {
            position: select(&accepted, proposal.position, self.position),
            energy: proposal.energy.clone().mask_where(accepted.clone().bool_not(), self.energy),
            gradient: select(&accepted, proposal.gradient, self.gradient),
        };
        (chosen, Decision { probability, accepted })
    }
}

impl<const D: usize> State<D> for Point<D> {
    fn at<E: Energy<D>>(energy: &E, position: Tensor<D>, _: Key) -> Self {
        Self::new(energy, position)
    }

    fn position(&self) -> &Tensor<D> {
        &self.position
    }

    fn energy(&self) -> Option<&Tensor<1>> {
        Some(&self.energy)
    }
}

/// Returns, row by row, `yes` where `mask` holds and `no` elsewhere.
pub(crate) fn select<const D: usize>(
    mask: &Tensor<1, Bool>,
    yes: Tensor<D>,
    no: Tensor<D>,
) -> Tensor<D> {
    let shape = yes.dims();
    let mut column = [1; D];
    column[0] = shape[0];
    no.mask_where(mask.clone().reshape(column).expand(shape), yes)
}
