//! Hamiltonian Monte Carlo: the momentum is drawn again for every transition, the leapfrog scheme follows the dynamics,
//! and the error of the total energy decides on acceptance (Duane, Kennedy, Pendleton, Roweth 1987; Neal 2011).

use burn::tensor::{Device, Tensor, TensorData};
use ebm_energy::{Energy, squared_norm};
use ebm_noise::Key;
use ebm_noise::streams::chain::transition;
use serde::{Deserialize, Serialize};

use crate::{Kernel, Point, Statistics};

/// A trajectory that loses more total energy than this has diverged.
pub(crate) const DIVERGENCE: f64 = 1000.0;

/// Hamiltonian trajectories of `leapfrog_steps` steps of size δ, with a diagonal mass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hmc {
    /// δ.
    pub step_size: f64,
    /// Steps of a trajectory, each with one gradient.
    pub leapfrog_steps: usize,
    /// The inverse mass of each coordinate, best the variance of the target; empty for ones.
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

    /// pᵀM⁻¹p/2 of each chain.
    fn kinetic(&self, momentum: Tensor<D>) -> Tensor<1> {
        let scaled = match &self.0 {
            None => momentum,
            Some(inverse) => momentum * inverse.clone().sqrt(),
        };
        squared_norm(scaled) * 0.5
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
        let log_ratio =
            state.energy.clone() + kinetic - moving.energy.clone() - mass.kinetic(momentum);
        let from = state.energy.clone();
        // Also where it is NaN.
        let divergent = log_ratio.clone().greater_equal_elem(-DIVERGENCE).bool_not().float();
        let (state, acceptance) = state.accept(moving, log_ratio, key.fold(transition::ACCEPTANCE));
        let acceptance = Some(acceptance);
        (state, Statistics { energy: from, acceptance, divergent: Some(divergent) })
    }
}
