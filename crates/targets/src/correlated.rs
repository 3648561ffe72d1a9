//! Gaussians with any covariance.

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;

use crate::constant::Constant;
use crate::error::TargetError;
use crate::math::{LN_TAU, row_sum};
use crate::matrix;
use crate::target::Target;

/// A Gaussian N(μ, Σ): U(x) = ½ (x − μ)ᵀ Σ⁻¹ (x − μ).
///
/// Its samples are μ + L·z with Σ = L·Lᵀ and z standard normal.
#[derive(Clone, Debug)]
pub struct CorrelatedGaussian {
    mean: Constant<2>,
    precision: Constant<2>,
    cholesky: Constant<2>,
    variance: Vec<f64>,
}

impl CorrelatedGaussian {
    /// Creates a Gaussian with the given mean and covariance, the latter by its rows.
    ///
    /// # Errors
    /// If there is no coordinate, the lengths differ, or the covariance is not symmetric and
    /// positive definite.
    pub fn new(mean: Vec<f64>, covariance: &[Vec<f64>]) -> Result<Self, TargetError> {
        let dim = mean.len();
        TargetError::at_least("dim", 1, dim)?;
        TargetError::length("covariance", dim, covariance.len())?;
        mean.iter().try_for_each(|&mean| TargetError::finite("mean", mean))?;
        let covariance = matrix::flatten("covariance", covariance, dim)?;
        let cholesky = matrix::cholesky(&covariance, dim)?;
        let precision = matrix::inverse_of_square(&cholesky, dim);
        Ok(Self {
            mean: Constant::row(mean),
            precision: Constant::new(precision, [dim, dim]),
            cholesky: Constant::new(cholesky, [dim, dim]),
            variance: covariance.iter().step_by(dim + 1).copied().collect(),
        })
    }
}

impl Energy<2> for CorrelatedGaussian {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let deviation = x.clone() - self.mean.like(&x);
        row_sum(deviation.clone().matmul(self.precision.like(&x)) * deviation) * 0.5
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let deviation = x.clone() - self.mean.like(&x);
        let gradient = deviation.clone().matmul(self.precision.like(&x));
        (row_sum(gradient.clone() * deviation) * 0.5, gradient)
    }
}

impl Target for CorrelatedGaussian {
    fn name(&self) -> &'static str {
        "correlated-gaussian"
    }

    fn dim(&self) -> usize {
        self.variance.len()
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(self.mean.values().to_vec())
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.variance.clone())
    }

    fn log_normaliser(&self) -> Option<f64> {
        let pivots = self.cholesky.values().iter().step_by(self.dim() + 1);
        Some(pivots.map(|pivot| 0.5 * LN_TAU + pivot.ln()).sum())
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let z = key.normal::<2>([rows, self.dim()], device);
        let (mean, cholesky) = (self.mean.like(&z), self.cholesky.like(&z));
        Some(z.matmul(cholesky.transpose()) + mean)
    }
}

#[cfg(test)]
mod tests {
    use ebm_tensor::values;

    use super::*;
    use crate::check;

    fn target(mean: &[f64], covariance: &[&[f64]]) -> Result<CorrelatedGaussian, TargetError> {
        let rows: Vec<Vec<f64>> = covariance.iter().map(|row| row.to_vec()).collect();
        CorrelatedGaussian::new(mean.to_vec(), &rows)
    }

    #[test]
    fn known_answers() {
        // The Gaussians of the tests of BlackJAX (ρ = 0.75) and of TensorFlow Probability.
        let pair = target(&[0.0, 3.0], &[&[1.0, 1.5], &[1.5, 4.0]]).expect("valid");
        check::continuous(&pair);
        let log_mass = check::log_mass(&pair, |x| (x.map(|x| 2.5 * x), 2.0 * 2.5_f64.ln()));
        assert!((log_mass - pair.log_normaliser().expect("known")).abs() < 1e-9);
        let triple = [&[1.0, 0.25, 0.25][..], &[0.25, 1.0, 0.25], &[0.25, 0.25, 1.0]];
        check::continuous(&target(&[1.0, 2.0, 7.0], &triple).expect("valid"));
    }

    /// E[(x₀ − μ₀)(x₁ − μ₁)] = Σ₀₁ = 1.5, with variance Σ₀₀Σ₁₁ + Σ₀₁² = 6.25.
    #[test]
    fn samples_are_correlated() {
        let pair = target(&[0.0, 3.0], &[&[1.0, 1.5], &[1.5, 4.0]]).expect("valid");
        let n = 100_000;
        let draws = pair.sample(n, Key::new(5), &Device::flex()).expect("exact");
        let product = |pair: &[f32]| f64::from(pair[0]) * (f64::from(pair[1]) - 3.0);
        let covariance = values(draws).chunks(2).map(product).sum::<f64>() / n as f64;
        assert!((covariance - 1.5).abs() < 4.0 * (6.25 / n as f64).sqrt(), "{covariance}");
    }

    #[test]
    fn impossible_covariances() {
        let error = target(&[0.0, 0.0], &[&[1.0, 2.0], &[2.0, 1.0]]).expect_err("indefinite");
        assert_eq!(error, TargetError::NotPositiveDefinite { row: 1, pivot: -3.0 });
        assert!(target(&[0.0, 0.0], &[&[1.0, 1.0], &[1.0, 1.0]]).is_err(), "singular");
        assert!(target(&[0.0], &[&[f64::NAN]]).is_err(), "not a number");
        let error = target(&[0.0, 0.0], &[&[1.0, 0.2], &[0.1, 1.0]]).expect_err("asymmetric");
        assert!(error.to_string().contains("not symmetric: (1, 0) is 0.1, its mirror 0.2"));
        let error = target(&[0.0, 0.0], &[&[1.0], &[0.0, 1.0]]).expect_err("ragged");
        assert!(error.to_string().contains("covariance has length 1"));
    }
}
