//! Gaussians on a ring: the mixture in which chains get stuck.

use std::f64::consts::TAU;

use burn::tensor::{Device, Tensor, TensorData};
use ebm_energy::{BlockEnergy, Energy, LANES, squared_norm};
use ebm_noise::streams::target as stream;
use ebm_noise::{Key, ln};
use ebm_tensor::values;

use crate::Mixture;
use crate::error::TargetError;
use crate::exp::exp;
use crate::math::LN_TAU;
use crate::target::Target;

/// A mixture of equal Gaussians, evenly spaced on a circle in the first two coordinates, and
/// standard normal in all others: U(x) = −log Σₖ exp(−‖x₁₂ − μₖ‖²/(2σ²)) + ‖x₃…‖²/2.
#[derive(Clone, Debug)]
pub struct Ring {
    dim: usize,
    /// The distribution of the first two coordinates.
    plane: Mixture,
    centres: Vec<[f32; 2]>,
    radius: f64,
    std: f64,
}

impl Ring {
    /// Creates, in `dim` coordinates, `components` Gaussians of standard deviation `std` on a
    /// circle of `radius`.
    ///
    /// # Errors
    /// If there are fewer than two coordinates or three components, or a length is not positive.
    pub fn new(dim: usize, components: usize, radius: f64, std: f64) -> Result<Self, TargetError> {
        TargetError::at_least("dim", 2, dim)?;
        TargetError::at_least("components", 3, components)?;
        let plane = Mixture::ring(components, radius, std)?;
        let centre = |k: usize| {
            let (sin, cos) = (TAU * k as f64 / components as f64).sin_cos();
            [(radius * cos) as f32, (radius * sin) as f32]
        };
        Ok(Self { dim, plane, centres: (0..components).map(centre).collect(), radius, std })
    }

    /// Returns all but the first two coordinates.
    fn rest(&self, x: Tensor<2>) -> Option<Tensor<2>> {
        (self.dim > 2).then(|| x.narrow(1, 2, self.dim - 2))
    }
}

impl Target for Ring {
    fn name(&self) -> &'static str {
        "ring"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.0; self.dim])
    }

    fn variance(&self) -> Option<Vec<f64>> {
        let mut variance = vec![1.0; self.dim];
        variance[..2].fill(self.std * self.std + 0.5 * self.radius * self.radius);
        Some(variance)
    }

    fn log_normaliser(&self) -> Option<f64> {
        let ring = (self.centres.len() as f64).ln() + LN_TAU + 2.0 * self.std.ln();
        Some(ring + 0.5 * (self.dim - 2) as f64 * LN_TAU)
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let mut draws = values(key.fold(stream::FIRST).normal::<2>([rows, self.dim], device));
        for (row, x) in draws.chunks_exact_mut(self.dim).enumerate() {
            let component =
                key.fold(stream::SECOND).uniform_at(row as u32, 0) * self.centres.len() as f64;
            let centre = self.centres[component as usize];
            x.iter_mut().zip(centre).for_each(|(x, c)| *x = c + self.std as f32 * *x);
        }
        Some(Tensor::from_data(TensorData::new(draws, [rows, self.dim]), device))
    }
}

impl Energy<2> for Ring {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let energy = self.plane.energy(x.clone().narrow(1, 0, 2));
        match self.rest(x) {
            Some(rest) => energy + squared_norm(rest) * 0.5,
            None => energy,
        }
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let (energy, gradient) = self.plane.energy_and_gradient(x.clone().narrow(1, 0, 2));
        match self.rest(x) {
            Some(rest) => {
                (energy + squared_norm(rest.clone()) * 0.5, Tensor::cat(vec![gradient, rest], 1))
            }
            None => (energy, gradient),
        }
    }
}

impl BlockEnergy for Ring {
    #[inline(always)]
    fn block(&self, x: &[[f32; LANES]], gradient: &mut [[f32; LANES]]) -> [f32; LANES] {
        let precision = (1.0 / (self.std * self.std)) as f32;
        // The nearest component has the largest weight: the others are relative to it.
        let mut nearest = [f32::INFINITY; LANES];
        for [a, b] in &self.centres {
            for lane in 0..LANES {
                let (u, v) = (x[0][lane] - a, x[1][lane] - b);
                nearest[lane] = nearest[lane].min(u * u + v * v);
            }
        }
        let mut weights = [0.0; LANES];
        let mut ways = [[0.0; LANES]; 2];
        for [a, b] in &self.centres {
            for lane in 0..LANES {
                let (u, v) = (x[0][lane] - a, x[1][lane] - b);
                let weight = exp(0.5 * precision * (nearest[lane] - (u * u + v * v)));
                weights[lane] += weight;
                ways[0][lane] += weight * u;
                ways[1][lane] += weight * v;
            }
        }
        let mut energy = [0.0; LANES];
        for lane in 0..LANES {
            gradient[0][lane] = precision * ways[0][lane] / weights[lane];
            gradient[1][lane] = precision * ways[1][lane] / weights[lane];
            energy[lane] = 0.5 * precision * nearest[lane] - ln(weights[lane]);
        }
        for (x, gradient) in x.iter().zip(gradient).skip(2) {
            *gradient = *x;
            for lane in 0..LANES {
                energy[lane] += 0.5 * x[lane] * x[lane];
            }
        }
        energy
    }
}
