//! Gaussians with independent coordinates.

use burn::tensor::{Device, Tensor};
use ebm_energy::{BlockEnergy, Energy, LANES};
use ebm_noise::Key;

use crate::constant::Constant;
use crate::error::TargetError;
use crate::math::{LN_TAU, row_sum};
use crate::target::Target;

/// A Gaussian N(μ, diag(σ²)): U(x) = Σᵢ (xᵢ − μᵢ)²/(2σᵢ²).
#[derive(Clone, Debug)]
pub struct DiagonalGaussian {
    mean: Constant<2>,
    variance: Constant<2>,
}

impl DiagonalGaussian {
    /// Creates a Gaussian with the given mean and variance of each coordinate.
    ///
    /// # Errors
    /// If there is no coordinate, the lengths differ, a mean is not finite or a variance not
    /// positive.
    pub fn new(mean: Vec<f64>, variance: Vec<f64>) -> Result<Self, TargetError> {
        TargetError::at_least("dim", 1, mean.len())?;
        TargetError::length("variance", mean.len(), variance.len())?;
        mean.iter().try_for_each(|&mean| TargetError::finite("mean", mean))?;
        variance.iter().try_for_each(|&variance| TargetError::positive("variance", variance))?;
        Ok(Self { mean: Constant::row(mean), variance: Constant::row(variance) })
    }

    /// Creates N(0, `std`²·I).
    ///
    /// # Errors
    /// If `dim` is 0 or `std` not positive.
    pub fn isotropic(dim: usize, std: f64) -> Result<Self, TargetError> {
        TargetError::positive("std", std)?;
        Self::new(vec![0.0; dim], vec![std * std; dim])
    }

    /// Creates a Gaussian of mean 0 with variances evenly spaced in their logarithm from κ^(−½) to
    /// κ^½, where κ is the `condition` number of the covariance (the ill-conditioned Gaussian of
    /// BlackJAX's tests).
    ///
    /// # Errors
    /// If `dim` is less than 2 or `condition` below 1.
    pub fn ill_conditioned(dim: usize, condition: f64) -> Result<Self, TargetError> {
        TargetError::at_least("dim", 2, dim)?;
        if !(condition >= 1.0 && condition.is_finite()) {
            let expected = "finite and at least 1";
            return Err(TargetError::OutOfRange {
                parameter: "condition",
                given: condition,
                expected,
            });
        }
        let exponent = |i: usize| i as f64 / (dim - 1) as f64 - 0.5;
        Self::new(vec![0.0; dim], (0..dim).map(|i| condition.powf(exponent(i))).collect())
    }
}

impl Energy<2> for DiagonalGaussian {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let variance = self.variance.like(&x);
        let mean = self.mean.like(&x);
        row_sum((x - mean).square() / variance) * 0.5
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let deviation = x.clone() - self.mean.like(&x);
        let gradient = deviation.clone() / self.variance.like(&x);
        (row_sum(deviation * gradient.clone()) * 0.5, gradient)
    }
}

impl BlockEnergy for DiagonalGaussian {
    #[inline(always)]
    fn block(&self, x: &[[f32; LANES]], gradient: &mut [[f32; LANES]]) -> [f32; LANES] {
        let mut energy = [0.0; LANES];
        let laws = self.mean.values().iter().zip(self.variance.values());
        for ((x, gradient), (&mean, &variance)) in x.iter().zip(gradient).zip(laws) {
            let (mean, precision) = (mean as f32, (1.0 / variance) as f32);
            for lane in 0..LANES {
                let deviation = x[lane] - mean;
                gradient[lane] = deviation * precision;
                energy[lane] += 0.5 * deviation * gradient[lane];
            }
        }
        energy
    }
}

impl Target for DiagonalGaussian {
    fn name(&self) -> &'static str {
        "diagonal-gaussian"
    }

    fn dim(&self) -> usize {
        self.mean.values().len()
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(self.mean.values().to_vec())
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.variance.values().to_vec())
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(self.variance.values().iter().map(|variance| 0.5 * (LN_TAU + variance.ln())).sum())
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let z = key.normal([rows, self.dim()], device);
        let (mean, variance) = (self.mean.like(&z), self.variance.like(&z));
        Some(z * variance.sqrt() + mean)
    }
}

#[cfg(test)]
mod tests;
