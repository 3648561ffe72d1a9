//! Student's t distribution: heavy tails.

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_noise::streams::target as stream;

use crate::error::TargetError;
use crate::math::{LN_TAU, row_sum};
use crate::target::Target;

/// A distribution of independent coordinates, each Student's t with ν degrees of freedom: U(x) =
/// ½(ν + 1) Σᵢ log(1 + xᵢ²/ν).
///
/// The gradient vanishes far out, so that Langevin chains leave the tails slowly and reach them
/// rarely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StudentT {
    dim: usize,
    freedom: f64,
}

impl StudentT {
    /// Creates the distribution in `dim` coordinates with ν = `freedom`, which need not be an
    /// integer.
    ///
    /// # Errors
    /// If `dim` is 0 or `freedom` not positive.
    pub fn new(dim: usize, freedom: f64) -> Result<Self, TargetError> {
        TargetError::at_least("dim", 1, dim)?;
        TargetError::positive("freedom", freedom)?;
        Ok(Self { dim, freedom })
    }
}

impl Energy<2> for StudentT {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        row_sum((x.square() / self.freedom).log1p()) * (0.5 * (self.freedom + 1.0))
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let gradient = x.clone() * (self.freedom + 1.0) / (x.clone().square() + self.freedom);
        (self.energy(x), gradient)
    }
}

impl Target for StudentT {
    fn name(&self) -> &'static str {
        "student-t"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn mean(&self) -> Option<Vec<f64>> {
        (self.freedom > 1.0).then(|| vec![0.0; self.dim])
    }

    /// ν/(ν − 2).
    fn variance(&self) -> Option<Vec<f64>> {
        (self.freedom > 2.0).then(|| vec![self.freedom / (self.freedom - 2.0); self.dim])
    }

    /// Per coordinate, √(νπ)·Γ(ν/2)/Γ((ν + 1)/2).
    fn log_normaliser(&self) -> Option<f64> {
        let half = 0.5 * self.freedom;
        let scale = 0.5 * (self.freedom * std::f64::consts::PI).ln();
        Some(self.dim as f64 * (scale + ln_gamma(half) - ln_gamma(half + 0.5)))
    }

    /// √(ν·(u^(−2/ν) − 1))·cos 2πw with u and w uniform (Bailey, Mathematics of Computation 1994).
    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let shape = [rows, self.dim];
        // In (0, 1], by reflection.
        let u = -key.fold(stream::FIRST).uniform::<2>(shape, device) + 1.0;
        let angle = key.fold(stream::SECOND).uniform::<2>(shape, device) * std::f64::consts::TAU;
        let exponent = u.log() * (-2.0 / self.freedom);
        let radius = ((exponent.exp() - 1.0) * self.freedom).clamp_min(0.0).sqrt();
        Some(radius * angle.cos())
    }
}

/// Returns ln Γ(x) for x > 0, by Stirling's series beyond 10 and by Γ(x + 1) = x·Γ(x) below.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 10.0 {
        below += x.ln();
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = 1.0 / 12.0
        + y * (-1.0 / 360.0
            + y * (1.0 / 1260.0
                + y * (-1.0 / 1680.0 + y * (1.0 / 1188.0 - y * 691.0 / 360_360.0))));
    (x - 0.5) * x.ln() - x + 0.5 * LN_TAU + series / x - below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn known_answers() {
        check::continuous(&StudentT::new(3, 12.0).expect("valid"));
        // Half-whole degrees of freedom, without a sample variance that converges.
        let heavy = StudentT::new(2, 2.5).expect("valid");
        assert!(check::gradient_error(&heavy, 3.0) < 1e-6);
        assert!(check::stein_deviation(&heavy) < 4.0);
        assert!((heavy.variance().unwrap()[0] - 5.0).abs() < 1e-12);
    }

    #[test]
    fn infinite_moments_are_not_known() {
        let cauchy = StudentT::new(2, 1.0).expect("valid");
        assert_eq!((cauchy.mean(), cauchy.variance()), (None, None));
        assert!(StudentT::new(1, 2.0).expect("valid").mean().is_some());
        assert!(StudentT::new(1, 2.0).expect("valid").variance().is_none());
        // The Cauchy density: ∫ dx/(1 + x²) = π.
        let expected = 2.0 * std::f64::consts::PI.ln();
        assert!((cauchy.log_normaliser().unwrap() - expected).abs() < 1e-12);
        assert!(StudentT::new(0, 1.0).is_err() && StudentT::new(1, -1.0).is_err());
    }

    #[test]
    fn normaliser() {
        let target = StudentT::new(2, 7.3).expect("valid");
        let stretched =
            |x: [f64; 2]| (x.map(f64::sinh), x.map(|x| x.cosh().ln()).iter().sum::<f64>());
        let log_mass = check::log_mass(&target, stretched);
        assert!((log_mass - target.log_normaliser().unwrap()).abs() < 1e-8, "{log_mass}");
    }

    /// Γ(½) = √π, Γ(n) = (n − 1)!, and the Cauchy distribution's quartiles at ±1.
    #[test]
    fn gamma_and_quartiles() {
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-13);
        assert!(ln_gamma(1.0).abs() < 1e-13 && ln_gamma(2.0).abs() < 1e-13);
        assert!((ln_gamma(12.0) - 39_916_800.0_f64.ln()).abs() < 1e-12);
        assert!((ln_gamma(1e-3) - 6.907_178_885_383_853).abs() < 1e-12);
        let n = 100_000;
        let draws = StudentT::new(1, 1.0).unwrap().sample(n, Key::new(9), &Device::flex());
        let inside =
            ebm_tensor::values(draws.expect("exact")).iter().filter(|x| x.abs() < 1.0).count();
        let share = inside as f64 / n as f64;
        assert!((share - 0.5).abs() < 4.0 * 0.5 / (n as f64).sqrt(), "{share}");
    }
}
