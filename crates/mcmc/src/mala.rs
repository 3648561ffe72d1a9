//! The Metropolis-adjusted Langevin algorithm: a Langevin step as a proposal, accepted or rejected
//! so that the target is left exactly invariant (Besag 1994; Roberts and Tweedie 1996).

use ebm_energy::{Energy, squared_norm};
use ebm_noise::Key;
use ebm_noise::streams::chain::transition;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::point::Point;
use crate::statistics::Statistics;
use crate::update::langevin_update;

/// A kernel of Metropolis-adjusted Langevin: y = x − (δ²/2)·∇U(x) + δ·ε, accepted with probability
/// min(1, p(y)q(x|y) / p(x)q(y|x)).
///
/// A transition takes one gradient. In tails where the gradient grows faster than linearly every
/// proposal overshoots and chains stand still, which shows in the acceptance of each chain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mala {
    /// The step size δ.
    pub step_size: f64,
}

impl Mala {
    /// Creates a kernel with step size δ.
    pub fn new(step_size: f64) -> Self {
        Self { step_size }
    }
}

impl<const D: usize> Kernel<D> for Mala {
    type State = Point<D>;

    fn step<E: Energy<D>>(&self, energy: &E, state: Point<D>, key: Key) -> (Point<D>, Statistics) {
        let drift = 0.5 * self.step_size * self.step_size;
        let (x, noise) = (state.position.clone(), key.fold(transition::PROPOSAL));
        let y = langevin_update(x.clone(), state.gradient.clone(), self.step_size, Some(noise));
        let proposal = Point::new(energy, y.clone());
        // −2δ²·log q of the move and of its reverse.
        let there = squared_norm(y.clone() - x.clone() + state.gradient.clone() * drift);
        let back = squared_norm(x - y + proposal.gradient.clone() * drift);
        let log_ratio = state.energy.clone() - proposal.energy.clone()
            + (there - back) / (2.0 * self.step_size * self.step_size);
        let statistics = Statistics::new(state.energy.clone()).with_step_size(self.step_size);
        let (state, decision) = state.accept(proposal, log_ratio, key.fold(transition::ACCEPTANCE));
        (state, statistics.with_acceptance(decision.probability))
    }
}
