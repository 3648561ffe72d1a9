//! The measurements of a cell, before they are evaluated.

use ebm::mcmc::Samples;
use ebm::mcmc::diagnostics::{Draws, Trajectories};

/// The draws of a cell, and their cost.
pub(crate) struct Measured {
    pub(crate) draws: Draws,
    /// The number of timed transitions over all chains.
    pub(crate) transitions: usize,
    pub(crate) seconds: f64,
    /// The number of evaluations with the gradient in a transition of one chain.
    pub(crate) gradients: f64,
    /// The number of evaluations without the gradient in a transition of one chain.
    pub(crate) values: f64,
    /// The acceptance rate; NaN for kernels without a Metropolis correction.
    pub(crate) acceptance: f64,
    /// The share of transitions that diverged; NaN for kernels without trajectories.
    pub(crate) divergent: f64,
    /// The mean depth of trees; NaN for kernels without trees.
    pub(crate) tree_depth: f64,
}

impl Measured {
    /// Creates a measurement of draws without thinning. `evaluations` are those of all chains, with
    /// and without the gradient.
    pub(crate) fn new(samples: Samples, seconds: f64, evaluations: [u64; 2]) -> Self {
        let transitions = samples.draws.chains() * samples.draws.draws();
        let [gradients, values] = evaluations.map(|count| count as f64 / transitions as f64);
        let acceptance = samples.acceptance.iter().sum::<f64>() / samples.acceptance.len() as f64;
        let trajectories = samples.transitions.trajectories.as_ref().map(Trajectories::summary);
        let divergent = trajectories
            .as_ref()
            .map_or(f64::NAN, |summary| summary.divergent as f64 / summary.transitions as f64);
        let depth = trajectories.and_then(|summary| summary.depth);
        let tree_depth = depth.map_or(f64::NAN, |depth| depth.mean);
        let draws = samples.draws;
        Self { draws, transitions, seconds, gradients, values, acceptance, divergent, tree_depth }
    }

    /// Creates a measurement of chains that report nothing and take one gradient for a transition.
    pub(crate) fn fused(draws: Draws, transitions: usize, seconds: f64) -> Self {
        let [gradients, values] = [1.0, 0.0];
        let [acceptance, divergent, tree_depth] = [f64::NAN; 3];
        Self { draws, transitions, seconds, gradients, values, acceptance, divergent, tree_depth }
    }
}
