//! Mixtures of isotropic Gaussians of one width.

use burn::tensor::{Device, Tensor, TensorData, activation};
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_noise::streams::target as stream;
use ebm_tensor::values;

use crate::constant::Constant;
use crate::error::TargetError;
use crate::math::LN_TAU;
use crate::matrix;
use crate::target::Target;

/// A mixture of Gaussians N(μₖ, σ²·I) in proportion to weights wₖ: U(x) = −log Σₖ wₖ exp(−‖x −
/// μₖ‖²/(2σ²)).
///
/// Neither weights nor components are normalised: log ∫ exp(−U) = log Σₖ wₖ + (dim/2)·log 2πσ².
#[derive(Clone, Debug)]
pub struct Mixture {
    weights: Vec<f64>,
    log_weights: Constant<2>,
    means: Constant<2>,
    std: f64,
}

impl Mixture {
    /// Creates a mixture of components with the given weights (any positive numbers) and means, all
    /// of standard deviation `std`.
    ///
    /// # Errors
    /// If there is no component or no coordinate, the lengths differ, or a number is out of its
    /// range.
    pub fn new(weights: Vec<f64>, means: &[Vec<f64>], std: f64) -> Result<Self, TargetError> {
        TargetError::at_least("components", 1, weights.len())?;
        TargetError::length("means", weights.len(), means.len())?;
        let dim = means[0].len();
        TargetError::at_least("dim", 1, dim)?;
        TargetError::positive("std", std)?;
        weights.iter().try_for_each(|&weight| TargetError::positive("weights", weight))?;
        let means = Constant::new(matrix::flatten("means", means, dim)?, [weights.len(), dim]);
        let log_weights = Constant::row(weights.iter().map(|weight| weight.ln()).collect());
        Ok(Self { weights, log_weights, means, std })
    }

    /// Creates `components` of weight 1 in the plane, evenly spaced on a circle about the origin,
    /// starting at (`radius`, 0).
    ///
    /// # Errors
    /// If there is no component, or `radius` or `std` is not positive.
    pub fn ring(components: usize, radius: f64, std: f64) -> Result<Self, TargetError> {
        TargetError::positive("radius", radius)?;
        let means: Vec<_> = (0..components)
            .map(|k| {
                let angle = std::f64::consts::TAU * k as f64 / components as f64;
                vec![radius * angle.cos(), radius * angle.sin()]
            })
            .collect();
        Self::new(vec![1.0; components], &means, std)
    }

    /// Returns log wₖ − ‖x − μₖ‖²/(2σ²). `x`: `[batch, dim]`, output: `[batch, components]`.
    fn log_terms(&self, x: &Tensor<2>) -> Tensor<2> {
        let means = self.means.like(x).unsqueeze_dim::<3>(0);
        let deviation = x.clone().unsqueeze_dim::<3>(1) - means;
        let squared = deviation.square().sum_dim(2).squeeze_dim::<2>(2);
        squared * (-0.5 / (self.std * self.std)) + self.log_weights.like(x)
    }

    /// Returns E[f(μ)] over the components, for one coordinate of the means.
    fn average(&self, coordinate: usize, f: impl Fn(f64) -> f64) -> f64 {
        let means = self.means.values().iter().skip(coordinate).step_by(self.dim());
        let sum: f64 = self.weights.iter().zip(means).map(|(weight, &mean)| weight * f(mean)).sum();
        sum / self.weights.iter().sum::<f64>()
    }
}

impl Energy<2> for Mixture {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let terms = self.log_terms(&x);
        let largest = terms.clone().detach().max_dim(1);
        let sum = (terms - largest.clone()).exp().sum_dim(1);
        -(sum.log() + largest).squeeze_dim::<1>(1)
    }

    /// ∇U = Σₖ rₖ(x)·(x − μₖ)/σ², where rₖ(x) is the probability that x came from component k.
    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let terms = self.log_terms(&x);
        let largest = terms.clone().max_dim(1);
        let sum = (terms.clone() - largest.clone()).exp().sum_dim(1);
        let energy = -(sum.log() + largest).squeeze_dim::<1>(1);
        let mean = activation::softmax(terms, 1).matmul(self.means.like(&x));
        (energy, (x - mean) / (self.std * self.std))
    }
}

impl Target for Mixture {
    fn name(&self) -> &'static str {
        "mixture"
    }

    fn dim(&self) -> usize {
        self.means.shape()[1]
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some((0..self.dim()).map(|i| self.average(i, |mean| mean)).collect())
    }

    fn variance(&self) -> Option<Vec<f64>> {
        let between = |i| {
            let centre = self.average(i, |mean| mean);
            self.average(i, |mean| (mean - centre).powi(2))
        };
        Some((0..self.dim()).map(|i| self.std * self.std + between(i)).collect())
    }

    fn log_normaliser(&self) -> Option<f64> {
        let log_component = 0.5 * self.dim() as f64 * (LN_TAU + 2.0 * self.std.ln());
        Some(self.weights.iter().sum::<f64>().ln() + log_component)
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let dim = self.dim();
        let total: f64 = self.weights.iter().sum();
        let mut means = Vec::with_capacity(rows * dim);
        for uniform in values(key.fold(stream::FIRST).uniform::<2>([rows, 1], device)) {
            let mut rest = f64::from(uniform) * total;
            let chosen = self.weights.iter().position(|weight| {
                rest -= weight;
                rest < 0.0
            });
            let chosen = chosen.unwrap_or(self.weights.len() - 1);
            means.extend_from_slice(&self.means.values()[chosen * dim..(chosen + 1) * dim]);
        }
        let means = Tensor::from_data(TensorData::new(means, [rows, dim]), device);
        Some(key.fold(stream::SECOND).normal([rows, dim], device) * self.std + means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn known_answers() {
        let means = [vec![-1.0, 0.5, 0.0], vec![2.0, 0.0, 1.0]];
        check::continuous(&Mixture::new(vec![0.5, 1.5], &means, 0.7).expect("valid"));
        let ring = Mixture::ring(8, 4.0, 0.5).expect("valid");
        check::continuous(&ring);
        // r²/2 + σ² on each axis.
        for (mean, variance) in ring.mean().unwrap().iter().zip(ring.variance().unwrap()) {
            assert!(mean.abs() < 1e-12 && (variance - 8.25).abs() < 1e-12);
        }
        assert!((ring.log_normaliser().unwrap() - 2.531_024_247_0).abs() < 1e-10);
        assert!((check::log_mass(&ring, |x| (x, 0.0)) - 2.531_024_247_0).abs() < 1e-9);
    }

    /// ½N(−1, 0.3²I) + ½N(1, 0.3²I), on which TensorFlow Probability tests replica exchange:
    /// variance 1.09.
    #[test]
    fn two_modes() {
        let modes = [vec![-1.0; 2], vec![1.0; 2]];
        let target = Mixture::new(vec![0.5; 2], &modes, 0.3).expect("valid");
        assert_eq!(target.mean(), Some(vec![0.0; 2]));
        assert!(target.variance().unwrap().iter().all(|v| (v - 1.09).abs() < 1e-12));
        check::continuous(&target);
    }

    /// The energy is that of the nearest component even where the density of every component
    /// underflows.
    #[test]
    fn far_from_all_components() {
        let ring = Mixture::ring(4, 1.0, 0.1).expect("valid");
        let x = Tensor::from_data([[101.0, 0.0]], &Device::flex());
        let (energy, gradient) = ring.energy_and_gradient(x);
        assert!((energy.into_scalar::<f32>() / 500_000.0 - 1.0).abs() < 1e-6);
        let gradient = values(gradient);
        assert!((gradient[0] / 10_000.0 - 1.0).abs() < 1e-6 && gradient[1].abs() < 1e-3);
    }

    #[test]
    fn impossible_parameters() {
        assert!(Mixture::ring(0, 1.0, 1.0).is_err());
        assert!(Mixture::ring(3, 1.0, 0.0).is_err());
        assert!(Mixture::new(vec![1.0, 0.0], &[vec![0.0], vec![1.0]], 1.0).is_err());
        assert!(Mixture::new(vec![1.0, 1.0], &[vec![0.0], vec![1.0, 2.0]], 1.0).is_err());
        assert!(Mixture::new(vec![1.0], &[vec![]], 1.0).is_err());
    }
}
