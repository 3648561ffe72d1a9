//! Underdamped Langevin dynamics, with position, velocity and friction, by the BAOAB splitting
//! (Leimkuhler and Matthews, "Rational construction of stochastic numerical methods for molecular
//! sampling", 2013).

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;
use serde::{Deserialize, Serialize};

use crate::kernel::{Kernel, State};
use crate::point::Point;
use crate::statistics::Statistics;

/// A kernel of underdamped Langevin dynamics: dx = v·dt, dv = −∇U(x)·dt − γ·v·dt + √(2γ)·dW in
/// steps of δ, without a Metropolis correction.
///
/// For a Gaussian target the distribution of the positions is exact at every δ for which the scheme
/// is stable (below two standard deviations). Otherwise its bias is of second order in δ, and of
/// fourth order for large friction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Underdamped {
    /// The step size δ.
    pub step_size: f64,
    /// The friction γ.
    pub friction: f64,
}

impl Underdamped {
    /// Creates a kernel with step size δ and friction γ.
    pub fn new(step_size: f64, friction: f64) -> Self {
        Self { step_size, friction }
    }
}

/// A position with the gradient there, and a velocity.
#[derive(Clone, Debug)]
pub struct PhasePoint<const D: usize> {
    /// The position, with the energy and the gradient.
    pub point: Point<D>,
    /// The velocity v, with the shape of the position.
    pub velocity: Tensor<D>,
}

impl<const D: usize> State<D> for PhasePoint<D> {
    fn at<E: Energy<D>>(energy: &E, position: Tensor<D>, key: Key) -> Self {
        let velocity = key.normal(position.dims(), &position.device());
        Self { point: Point::new(energy, position), velocity }
    }

    fn position(&self) -> &Tensor<D> {
        &self.point.position
    }

    fn energy(&self) -> Option<&Tensor<1>> {
        Some(&self.point.energy)
    }
}

impl<const D: usize> Kernel<D> for Underdamped {
    type State = PhasePoint<D>;

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        PhasePoint { point, velocity }: PhasePoint<D>,
        key: Key,
    ) -> (PhasePoint<D>, Statistics) {
        let half = 0.5 * self.step_size;
        let kept = (-self.friction * self.step_size).exp();
        let noise = key.normal(velocity.dims(), &velocity.device());
        let velocity = velocity - point.gradient * half;
        let position = point.position + velocity.clone() * half;
        let velocity = velocity * kept + noise * (1.0 - kept * kept).sqrt();
        let position = position + velocity.clone() * half;
        let from = point.energy;
        let point = Point::new(energy, position);
        let velocity = velocity - point.gradient.clone() * half;
        let statistics = Statistics::new(from).with_step_size(self.step_size);
        (PhasePoint { point, velocity }, statistics)
    }
}
