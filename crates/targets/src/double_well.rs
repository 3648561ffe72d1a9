//! The quartic double well.

use burn::tensor::{Device, Tensor, TensorData};
use ebm_energy::{BlockEnergy, Energy, LANES};
use ebm_noise::Key;
use ebm_tensor::values;

use crate::error::TargetError;
use crate::math::row_sum;
use crate::quadrature::Density;
use crate::target::Target;

/// A double well U(x) = b·Σᵢ (xᵢ² − 1)²: two wells at ±1 in each coordinate, with a barrier of
/// height b between them.
///
/// Coordinates are independent; moments and normaliser come from a quadrature in one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoubleWell {
    dim: usize,
    barrier: f64,
}

impl DoubleWell {
    /// Creates a double well in `dim` coordinates, with a barrier of height `barrier` in each.
    ///
    /// # Errors
    /// If `dim` is 0 or `barrier` not positive.
    pub fn new(dim: usize, barrier: f64) -> Result<Self, TargetError> {
        TargetError::at_least("dim", 1, dim)?;
        TargetError::positive("barrier", barrier)?;
        Ok(Self { dim, barrier })
    }

    /// The density of |xᵢ|.
    fn magnitude(&self) -> Density {
        // Outside, the energy exceeds 50.
        let half_width = (50.0 / self.barrier).sqrt();
        let range = [(1.0 - half_width).max(0.0).sqrt(), (1.0 + half_width).sqrt()];
        Density::new(range, |x| -self.barrier * (x * x - 1.0).powi(2))
    }
}

impl Energy<2> for DoubleWell {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        row_sum((x.square() - 1.0).square()) * self.barrier
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let excess = x.clone().square() - 1.0;
        let energy = row_sum(excess.clone().square()) * self.barrier;
        (energy, x * excess * (4.0 * self.barrier))
    }
}

impl BlockEnergy for DoubleWell {
    #[inline(always)]
    fn block(&self, x: &[[f32; LANES]], gradient: &mut [[f32; LANES]]) -> [f32; LANES] {
        let barrier = self.barrier as f32;
        let mut energy = [0.0; LANES];
        for (x, gradient) in x.iter().zip(gradient) {
            for lane in 0..LANES {
                let excess = x[lane] * x[lane] - 1.0;
                gradient[lane] = 4.0 * barrier * x[lane] * excess;
                energy[lane] += barrier * excess * excess;
            }
        }
        energy
    }
}

impl Target for DoubleWell {
    fn name(&self) -> &'static str {
        "double-well"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.0; self.dim])
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(vec![self.magnitude().mean(|x| x * x); self.dim])
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(self.dim as f64 * (self.magnitude().log_mass + std::f64::consts::LN_2))
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let magnitude = self.magnitude();
        // One uniform number determines the sign and, by its remainder, the magnitude.
        let draw = |uniform: f32| {
            let signed = 2.0 * f64::from(uniform) - 1.0;
            magnitude.quantile(signed.abs()).copysign(signed)
        };
        let uniform = values(key.uniform::<2>([rows, self.dim], device));
        let draws: Vec<f64> = uniform.into_iter().map(draw).collect();
        Some(Tensor::from_data(TensorData::new(draws, [rows, self.dim]), device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    /// Against adaptive quadrature of SciPy (`integrate.quad`, relative tolerance 1e-13): log Z and
    /// E[x²].
    #[test]
    fn moments_by_another_quadrature() {
        for (barrier, log_normaliser, second) in [
            (1.0, 0.679_926_242_9, 0.832_745_487_1),
            (2.0, 0.344_238_219_7, 0.852_136_152_2),
            (4.0, f64::NAN, 0.917_670_860_7),
            (5.0, -0.181_451_370_6, 0.936_833_940_4),
        ] {
            let target = DoubleWell::new(1, barrier).expect("valid");
            let [given, variance] =
                [target.log_normaliser().unwrap(), target.variance().unwrap()[0]];
            // No number for barrier 4: the table has barrier 2 at temperature ½.
            let right = log_normaliser.is_nan() || (given - log_normaliser).abs() < 1e-9;
            assert!(right, "barrier {barrier}: log Z {given}");
            assert!((variance - second).abs() < 1e-9, "barrier {barrier}: E[x²] {variance}");
        }
        let two = DoubleWell::new(1, 2.0).expect("valid").magnitude();
        assert!((two.mean(|x| x.powi(4)) - 0.977_136_152_2).abs() < 1e-9);
        // |x| has a kink where the grid begins, which costs the trapezoidal rule its digits.
        assert!((two.mean(|x| x) - 0.868_090_092_6).abs() < 1e-7);
        assert!((two.mean(|x| 2.0 * (x * x - 1.0).powi(2)) - 0.545_727_695_6).abs() < 1e-9);
    }

    /// High barriers: E[x²] → 1 − 1/(8b)·…, and log Z → log(2·√(2π/(8b))).
    #[test]
    fn high_barriers_are_resolved() {
        let target = DoubleWell::new(3, 1e6).expect("valid");
        let expected = 3.0 * (2.0 * (std::f64::consts::TAU / 8e6).sqrt()).ln();
        assert!((target.log_normaliser().unwrap() - expected).abs() < 1e-5);
        assert!((target.variance().unwrap()[2] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn known_answers() {
        check::continuous(&DoubleWell::new(3, 2.0).expect("valid"));
        check::continuous(&DoubleWell::new(2, 0.1).expect("valid"));
        let wells = DoubleWell::new(2, 5.0).expect("valid");
        let log_mass = check::log_mass(&wells, |x| (x.map(|x| 0.4 * x), 0.16_f64.ln()));
        assert!((log_mass - wells.log_normaliser().unwrap()).abs() < 1e-9);
        assert!(DoubleWell::new(0, 1.0).is_err() && DoubleWell::new(1, f64::INFINITY).is_err());
    }
}
