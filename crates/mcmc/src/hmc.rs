//! Hamiltonian Monte Carlo: a new momentum for every transition, the leapfrog scheme, and the error
//! of the total energy as the acceptance rule (Duane, Kennedy, Pendleton, Roweth 1987; Neal 2011).

use burn::tensor::{Device, Tensor, TensorData};
use ebm_energy::{Energy, squared_norm};
use ebm_noise::Key;
use ebm_noise::streams::chain::transition;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::point::Point;
use crate::statistics::{MAX_ENERGY_GAIN, Statistics, Trajectory};

/// A kernel of Hamiltonian trajectories of a fixed number of leapfrog steps, with a diagonal mass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hmc {
    /// The step size δ.
    pub step_size: f64,
    /// The number of steps of a trajectory, each with one gradient.
    pub leapfrog_steps: usize,
    /// The inverse mass of each coordinate, ideally the variance of the target; 1 for coordinates
    /// beyond its end.
    #[serde(default)]
    pub inverse_mass: Vec<f64>,
}

impl Hmc {
    /// Creates a kernel with step size δ and unit mass.
    pub fn new(step_size: f64, leapfrog_steps: usize) -> Self {
        Self { step_size, leapfrog_steps, inverse_mass: Vec::new() }
    }

    /// Returns the kernel with another inverse mass of each coordinate.
    pub fn with_inverse_mass(self, inverse_mass: impl Into<Vec<f64>>) -> Self {
        Self { inverse_mass: inverse_mass.into(), ..self }
    }
}

impl<const D: usize> Kernel<D> for Hmc {
    type State = Point<D>;

    fn step<E: Energy<D>>(&self, energy: &E, state: Point<D>, key: Key) -> (Point<D>, Statistics) {
        let (shape, device) = (state.position.dims(), state.position.device());
        let mass = Mass::new(&self.inverse_mass, shape, &device);
        let mut momentum = mass.momentum(key.fold(transition::PROPOSAL).normal(shape, &device));
        let kinetic = mass.kinetic(momentum.clone());
        let mut moving = state.clone();
        for _ in 0..self.leapfrog_steps {
            momentum = momentum - moving.gradient * (0.5 * self.step_size);
            let position = moving.position + mass.velocity(momentum.clone()) * self.step_size;
            moving = Point::new(energy, position);
            momentum = momentum - moving.gradient.clone() * (0.5 * self.step_size);
        }
        let (first, last) = (state.energy.clone() + kinetic, mass.kinetic(momentum));
        let log_ratio = first.clone() - moving.energy.clone() - last.clone();
        // Holds where the ratio is NaN as well.
        let divergent = log_ratio.clone().greater_equal_elem(-MAX_ENERGY_GAIN).bool_not().float();
        let total = moving.energy.clone() + last;
        let statistics = Statistics::new(state.energy.clone()).with_step_size(self.step_size);
        let (state, decision) = state.accept(moving, log_ratio, key.fold(transition::ACCEPTANCE));
        let hamiltonian = first.mask_where(decision.accepted, total);
        let steps = hamiltonian.ones_like() * self.leapfrog_steps as f64;
        let trajectory = Trajectory::new(hamiltonian, divergent, steps);
        (state, statistics.with_acceptance(decision.probability).with_trajectory(trajectory))
    }
}

/// The inverse mass on a device, `[1, …]`; `None` is unit mass.
struct Mass<const D: usize>(Option<Tensor<D>>);

impl<const D: usize> Mass<D> {
    fn new(inverse_mass: &[f64], mut shape: [usize; D], device: &Device) -> Self {
        if inverse_mass.is_empty() {
            return Self(None);
        }
        shape[0] = 1;
        let size = shape.iter().product();
        let all = (0..size).map(|i| inverse_mass.get(i).map_or(1.0, |&w| w as f32)).collect();
        Self(Some(Tensor::from_data(TensorData::new::<f32, _>(all, shape), device)))
    }

    /// Momenta N(0, M) from standard normal numbers.
    fn momentum(&self, noise: Tensor<D>) -> Tensor<D> {
        match &self.0 {
            None => noise,
            Some(inverse) => noise / inverse.clone().sqrt(),
        }
    }

    fn velocity(&self, momentum: Tensor<D>) -> Tensor<D> {
        match &self.0 {
            None => momentum,
            Some(inverse) => momentum * inverse.clone(),
        }
    }

    /// The kinetic energy pᵀM⁻¹p/2 of each chain.
    fn kinetic(&self, momentum: Tensor<D>) -> Tensor<1> {
        let scaled = match &self.0 {
            None => momentum,
            Some(inverse) => momentum * inverse.clone().sqrt(),
        };
        squared_norm(scaled) * 0.5
    }
}
