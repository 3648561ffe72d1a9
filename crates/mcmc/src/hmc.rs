//! Hamiltonian Monte Carlo: momentum is drawn anew, the leapfrog scheme follows the dynamics, and the error of
//! the total energy decides (Duane, Kennedy, Pendleton, Roweth 1987; Neal 2011).

use ebm_energy::{Energy, squared_norm};
use ebm_noise::Key;
use serde::{Deserialize, Serialize};

use crate::{Kernel, Point, Statistics};

/// A trajectory that loses more total energy than this has diverged.
pub(crate) const DIVERGENCE: f64 = 1000.0;

/// A trajectory of `leapfrog_steps` steps of size δ with unit mass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hmc {
    /// δ.
    pub step_size: f64,
    /// Steps of a trajectory, each with one gradient.
    pub leapfrog_steps: usize,
}

impl<const D: usize> Kernel<D> for Hmc {
    type State = Point<D>;

    fn step<E: Energy<D>>(&self, energy: &E, state: Point<D>, key: Key) -> (Point<D>, Statistics) {
        let position = &state.position;
        let mut momentum = key.fold(0).normal(position.dims(), &position.device());
        let kinetic = squared_norm(momentum.clone()) * 0.5;
        let mut moving = state.clone();
        for _ in 0..self.leapfrog_steps {
            momentum = momentum - moving.gradient * (0.5 * self.step_size);
            let position = moving.position + momentum.clone() * self.step_size;
            moving = Point::new(energy, position);
            momentum = momentum - moving.gradient.clone() * (0.5 * self.step_size);
        }
        let log_ratio =
            state.energy.clone() + kinetic - moving.energy.clone() - squared_norm(momentum) * 0.5;
        let from = state.energy.clone();
        // Also where it is NaN.
        let divergent = log_ratio.clone().greater_equal_elem(-DIVERGENCE).bool_not().float();
        let (state, acceptance) = state.accept(moving, log_ratio, key.fold(1));
        let acceptance = Some(acceptance);
        (state, Statistics { energy: from, acceptance, divergent: Some(divergent) })
    }
}
