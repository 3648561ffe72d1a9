//! The trait of one transition.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;

/// One transition of a batch of independent chains. Kernels hold neither device nor state.
pub trait Kernel<const D: usize> {
    /// What a chain carries from transition to transition: its position, and what need not be computed twice.
    type State: State<D>;

    /// A state at `position`, `[chains, …]`. `key` is used for this only.
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

/// Where chains are.
pub trait State<const D: usize>: Clone {
    /// Chains that begin at `position`, `[chains, …]`. `key` is used for this only.
    fn at<E: Energy<D>>(energy: &E, position: Tensor<D>, key: Key) -> Self;

    /// `[chains, …]`
    fn position(&self) -> &Tensor<D>;
}

impl<const D: usize> State<D> for Tensor<D> {
    fn at<E: Energy<D>>(_: &E, position: Tensor<D>, _: Key) -> Self {
        position
    }

    fn position(&self) -> &Tensor<D> {
        self
    }
}

/// What a transition tells of itself, for each chain.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// U where the transition began, `[chains]`.
    pub energy: Tensor<1>,
    /// Metropolis kernels: the probability of accepting, `[chains]`; 0 where the proposal's energy is not
    /// finite.
    pub acceptance: Option<Tensor<1>>,
    /// Hamiltonian kernels: 1 where the trajectory lost its energy, which tells of a curvature that the step
    /// cannot follow, else 0, `[chains]`.
    pub divergent: Option<Tensor<1>>,
}

impl Statistics {
    /// Of a kernel that tells no more than the energy where its transition began, `[chains]`.
    pub fn of(energy: Tensor<1>) -> Self {
        Self { energy, acceptance: None, divergent: None }
    }
}

/// A position with the energy and the gradient there.
#[derive(Clone, Debug)]
pub struct Point<const D: usize> {
    /// `[chains, …]`
    pub position: Tensor<D>,
    /// U, `[chains]`.
    pub energy: Tensor<1>,
    /// ∇U, as the position.
    pub gradient: Tensor<D>,
}

impl<const D: usize> Point<D> {
    /// Evaluates the energy at `position`.
    pub fn new<E: Energy<D>>(energy: &E, position: Tensor<D>) -> Self {
        let (value, gradient) = energy.energy_and_gradient(position.clone());
        Self { position, energy: value, gradient }
    }

    /// The Metropolis rule: `proposal` with probability min(1, exp(`log_ratio`)), else `self`, for each chain.
    /// Gives that probability as well.
    pub(crate) fn accept(
        self,
        proposal: Self,
        log_ratio: Tensor<1>,
        key: Key,
    ) -> (Self, Tensor<1>) {
        // A proposal whose energy is NaN or infinite is never accepted: exp(NaN) is not greater than u.
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
        (chosen, probability)
    }
}

impl<const D: usize> State<D> for Point<D> {
    fn at<E: Energy<D>>(energy: &E, position: Tensor<D>, _: Key) -> Self {
        Self::new(energy, position)
    }

    fn position(&self) -> &Tensor<D> {
        &self.position
    }
}

/// The numbers of a tensor, read from its device.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Row by row `yes` where `mask` holds, else `no`.
pub(crate) fn select<const D: usize>(
    mask: &Tensor<1, burn::tensor::Bool>,
    yes: Tensor<D>,
    no: Tensor<D>,
) -> Tensor<D> {
    let shape = yes.dims();
    let mut column = [1; D];
    column[0] = shape[0];
    no.mask_where(mask.clone().reshape(column).expand(shape), yes)
}
