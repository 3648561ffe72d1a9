//! Gaussians with independent coordinates.

use burn::tensor::{Device, Tensor};
use ebm_noise::Key;

use super::constant::Constant;
use super::{LN_TAU, Target, TargetError, row_sum};
use ebm_energy::{BlockEnergy, Energy, LANES};

/// N(μ, diag(σ²)): U(x) = Σᵢ (xᵢ − μᵢ)²/(2σᵢ²).
#[derive(Clone, Debug)]
pub struct DiagonalGaussian {
    mean: Constant<2>,
    variance: Constant<2>,
}

impl DiagonalGaussian {
    /// With this mean and variance of each coordinate.
    ///
    /// # Errors
    /// If there is no coordinate, the lengths differ, a mean is not finite or a variance not positive.
    pub fn new(mean: Vec<f64>, variance: Vec<f64>) -> Result<Self, TargetError> {
        TargetError::at_least("dim", 1, mean.len())?;
        TargetError::length("variance", mean.len(), variance.len())?;
        mean.iter().try_for_each(|&mean| TargetError::finite("mean", mean))?;
        variance.iter().try_for_each(|&variance| TargetError::positive("variance", variance))?;
        Ok(Self { mean: Constant::row(mean), variance: Constant::row(variance) })
    }

    /// N(0, `std`²·I).
    ///
    /// # Errors
    /// If `dim` is 0 or `std` not positive.
    pub fn isotropic(dim: usize, std: f64) -> Result<Self, TargetError> {
        TargetError::positive("std", std)?;
        Self::new(vec![0.0; dim], vec![std * std; dim])
    }

    /// Mean 0, variances evenly spaced in their logarithm from κ^(−½) to κ^½, where κ is the `condition`
    /// number of the covariance (the ill-conditioned Gaussian of BlackJAX's tests).
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
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn known_answers() {
        let general = DiagonalGaussian::new(vec![1.0, -2.0], vec![0.25, 3.0]).expect("valid");
        check::continuous(&general);
        let log_mass = check::log_mass(&general, |x| (x.map(|x| 2.0 * x), 4.0_f64.ln()));
        assert!((log_mass - general.log_normaliser().expect("known")).abs() < 1e-9);
        check::continuous(&DiagonalGaussian::isotropic(5, 0.3).expect("valid"));
        check::continuous(&DiagonalGaussian::ill_conditioned(30, 1e4).expect("valid"));
    }

    #[test]
    fn blocks_equal_tensors() {
        let target = DiagonalGaussian::new(vec![1.0, -2.0], vec![0.25, 3.0]).expect("valid");
        let x = Key::new(4).normal::<2>([LANES, 2], &Device::flex());
        let values = ebm_tensor::values(x.clone());
        let lanes = [0, 1].map(|i| std::array::from_fn(|lane| values[2 * lane + i]));
        let mut slopes = [[0.0; LANES]; 2];
        let energies = target.block(&lanes, &mut slopes);
        let (energy, gradient) = target.energy_and_gradient(x);
        let tolerance = burn::tensor::Tolerance::<f32>::rel_abs(1e-5, 1e-5);
        energy.into_data().assert_approx_eq(&energies.into(), tolerance);
        gradient.transpose().into_data().assert_approx_eq(&slopes.into(), tolerance);
    }

    #[test]
    fn condition_number() {
        let target = DiagonalGaussian::ill_conditioned(100, 10.0).expect("valid");
        let variance = target.variance().expect("known");
        assert!((variance[99] / variance[0] - 10.0).abs() < 1e-12);
        assert!((variance[0] * variance[99] - 1.0).abs() < 1e-12);
        let ratio = variance[1] / variance[0];
        assert!(variance.windows(2).all(|pair| (pair[1] / pair[0] - ratio).abs() < 1e-12));
    }

    /// The checks of all targets notice a variance that is wrong by a twentieth, and a wrong gradient.
    #[test]
    fn the_checks_can_fail() {
        struct Wrong(DiagonalGaussian);
        impl Energy<2> for Wrong {
            fn energy(&self, x: Tensor<2>) -> Tensor<1> {
                self.0.energy(x)
            }
            fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
                let (energy, gradient) = self.0.energy_and_gradient(x);
                (energy, gradient * 1.001)
            }
        }
        impl Target for Wrong {
            fn name(&self) -> &'static str {
                "wrong"
            }
            fn dim(&self) -> usize {
                self.0.dim()
            }
            fn mean(&self) -> Option<Vec<f64>> {
                self.0.mean()
            }
            fn variance(&self) -> Option<Vec<f64>> {
                self.0.variance()
            }
            fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
                Some(self.0.sample(rows, key, device)? * 1.05_f64.sqrt())
            }
        }
        let wrong = Wrong(DiagonalGaussian::isotropic(2, 1.0).expect("valid"));
        assert!(check::gradient_error(&wrong, 1.0) > 1e-4);
        assert!(check::moment_deviation(&wrong) > 4.0);
        assert!(check::stein_deviation(&wrong) > 4.0);
    }

    #[test]
    fn impossible_parameters() {
        let message = |result: Result<DiagonalGaussian, TargetError>| {
            result.expect_err("impossible").to_string()
        };
        assert!(message(DiagonalGaussian::new(vec![], vec![])).contains("dim is 0"));
        assert!(message(DiagonalGaussian::new(vec![0.0], vec![1.0, 1.0])).contains("length 2"));
        assert!(message(DiagonalGaussian::isotropic(2, -1.0)).contains("std is -1"));
        assert!(message(DiagonalGaussian::isotropic(2, f64::NAN)).contains("std is NaN"));
        assert!(message(DiagonalGaussian::ill_conditioned(2, 0.5)).contains("at least 1"));
        assert!(message(DiagonalGaussian::new(vec![0.0], vec![0.0])).contains("variance is 0"));
    }
}
