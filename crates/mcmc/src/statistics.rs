//! The statistics of a transition.

use burn::tensor::Tensor;

/// A trajectory that gains more total energy than this has diverged (as in Stan).
pub(crate) const MAX_ENERGY_GAIN: f64 = 1000.0;

/// The statistics of one transition of a batch of chains.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Statistics {
    /// The energy U at the start of the transition, `[chains]`.
    pub energy: Tensor<1>,
    /// The probability of acceptance, `[chains]`, 0 where the energy of the proposal is not finite;
    /// for NUTS the mean over the trajectory. `None` for kernels without a Metropolis correction.
    pub acceptance: Option<Tensor<1>>,
    /// The step size δ of the transition.
    pub step_size: Option<f64>,
    /// The trajectory, for Hamiltonian kernels.
    pub trajectory: Option<Trajectory>,
}

impl Statistics {
    /// Creates the statistics of a kernel that reports only the energy at the start of its
    /// transition, `[chains]`.
    pub fn new(energy: Tensor<1>) -> Self {
        Self { energy, acceptance: None, step_size: None, trajectory: None }
    }

    /// Returns the statistics with the probability of acceptance, `[chains]`.
    pub fn with_acceptance(self, acceptance: Tensor<1>) -> Self {
        Self { acceptance: Some(acceptance), ..self }
    }

    /// Returns the statistics with the step size.
    pub fn with_step_size(self, step_size: f64) -> Self {
        Self { step_size: Some(step_size), ..self }
    }

    /// Returns the statistics with those of a Hamiltonian trajectory.
    pub fn with_trajectory(self, trajectory: Trajectory) -> Self {
        Self { trajectory: Some(trajectory), ..self }
    }
}

/// The statistics of the Hamiltonian trajectory of a transition.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trajectory {
    /// The total energy, potential and kinetic, of the state in which the transition ended, with
    /// the momentum that it had there, `[chains]`. It is the `energy__` of Stan, from which BFMI is
    /// computed.
    pub hamiltonian: Tensor<1>,
    /// The divergences, `[chains]`: 1 where the trajectory diverged, else 0. A trajectory diverges
    /// if its total energy rises by more than 1000 or is NaN, because the curvature is too large
    /// for the step size.
    pub divergent: Tensor<1>,
    /// The number of leapfrog steps, each of which took one gradient, `[chains]`.
    pub steps: Tensor<1>,
    /// The tree, for kernels that grow one.
    pub tree: Option<TreeDepth>,
}

impl Trajectory {
    /// Creates the statistics of a trajectory; every tensor is `[chains]`.
    pub fn new(hamiltonian: Tensor<1>, divergent: Tensor<1>, steps: Tensor<1>) -> Self {
        Self { hamiltonian, divergent, steps, tree: None }
    }

    /// Returns the statistics with the depth of the tree, `[chains]`, which is at most `max_depth`.
    pub fn with_tree(self, depth: Tensor<1>, max_depth: usize) -> Self {
        Self { tree: Some(TreeDepth { depth, max_depth }), ..self }
    }
}

/// The depth of the trees of a transition of NUTS.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TreeDepth {
    /// The number of completed doublings, `[chains]`.
    pub depth: Tensor<1>,
    /// The largest number of doublings allowed.
    pub max_depth: usize,
}
