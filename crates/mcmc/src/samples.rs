//! Draws with the statistics of the transitions that led to them.

use crate::diagnostics::{Draws, Summary, Transitions};
use crate::export::Export;

/// The draws of a [`Sampler`](crate::Sampler), with the statistics of the transitions that led to
/// them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Samples {
    /// The draws, `[chain, draw, …]`.
    pub draws: Draws,
    /// The energy U at the start of the last transition of each draw, `[chain, draw]`.
    pub energies: Draws,
    /// The mean probability of acceptance of each chain, over the transitions that report one;
    /// empty for kernels without a Metropolis correction.
    pub acceptance: Vec<f64>,
    /// The statistics of the transitions, `[chain, draw]`.
    pub transitions: Transitions,
}

impl Samples {
    /// Summarises the draws: mean, standard deviation, errors and R̂ of every coordinate, and for
    /// Hamiltonian kernels divergences, depths and BFMI.
    pub fn summary(&self) -> Summary {
        let summary = Summary::new([("x", &self.draws)]);
        match &self.transitions.trajectories {
            Some(trajectories) => summary.with_trajectories(trajectories.summary()),
            None => summary,
        }
    }

    /// Returns the draws as the variable `x`, with the statistics of their transitions, for export
    /// to NumPy and ArviZ.
    pub fn export(&self) -> Export<'_> {
        Export::new([("x", &self.draws)]).with_transitions(&self.transitions)
    }
}
