//! The Metropolis-adjusted Langevin algorithm: a Langevin step as a proposal, accepted or refused so that the
//! target is left exactly invariant (Besag 1994; Roberts and Tweedie 1996).

use ebm_energy::{Energy, squared_norm};
use ebm_noise::Key;
use ebm_noise::streams::chain::transition;
use serde::{Deserialize, Serialize};

use crate::update::langevin_update;
use crate::{Kernel, Point, Statistics};

/// y = x − (δ²/2)·∇U(x) + δ·ε, accepted with probability min(1, p(y)q(x|y) / p(x)q(y|x)).
///
/// One gradient for each transition. In tails where the gradient grows faster than linearly every proposal
/// overshoots and chains stand still: look at the acceptance of each chain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mala {
    /// δ.
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
        let x = state.position.clone();
        let y = langevin_update(
            x.clone(),
            state.gradient.clone(),
            self.step_size,
            Some(key.fold(transition::PROPOSAL)),
        );
        let proposal = Point::new(energy, y.clone());
        // −2δ²·log q of going there and of coming back.
        let there = squared_norm(y.clone() - x.clone() + state.gradient.clone() * drift);
        let back = squared_norm(x - y + proposal.gradient.clone() * drift);
        let log_ratio = state.energy.clone() - proposal.energy.clone()
            + (there - back) / (2.0 * self.step_size * self.step_size);
        let from = state.energy.clone();
        let (state, acceptance) =
            state.accept(proposal, log_ratio, key.fold(transition::ACCEPTANCE));
        (state, Statistics { acceptance: Some(acceptance), ..Statistics::of(from) })
    }
}
