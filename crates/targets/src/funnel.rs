//! Neal's funnel.

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;

use crate::error::TargetError;
use crate::math::{LN_TAU, row_sum};
use crate::target::Target;

/// The funnel of Neal: v ~ N(0, s²) and xᵢ | v ~ N(0, eᵛ) for the state (v, x₁, …), that is U =
/// v²/(2s²) + ½ Σᵢ (xᵢ² e⁻ᵛ + v).
///
/// Neal, "Slice sampling" (Annals of Statistics 2003), section 8, has s = 3 and nine xᵢ. No single
/// step size suits both the neck and the mouth, and no sample of feasible size estimates Var xᵢ:
/// Langevin and Hamiltonian chains fail on it, and their diagnostics should say so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Funnel {
    dim: usize,
    scale: f64,
}

impl Funnel {
    /// Creates a funnel in `dim` coordinates, v included, with standard deviation `scale` of v.
    ///
    /// # Errors
    /// If `dim` is less than 2 or `scale` not positive.
    pub fn new(dim: usize, scale: f64) -> Result<Self, TargetError> {
        TargetError::at_least("dim", 2, dim)?;
        TargetError::positive("scale", scale)?;
        Ok(Self { dim, scale })
    }

    /// Creates the funnel of Neal's paper: ten coordinates, scale 3.
    pub fn neal() -> Self {
        Self { dim: 10, scale: 3.0 }
    }

    /// Returns v, `[batch, 1]`, and the other coordinates, `[batch, dim − 1]`.
    fn split(&self, x: Tensor<2>) -> [Tensor<2>; 2] {
        [x.clone().narrow(1, 0, 1), x.narrow(1, 1, self.dim - 1)]
    }
}

impl Energy<2> for Funnel {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let [v, x] = self.split(x);
        let scaled = row_sum(x.square() * (-v.clone()).exp());
        let v = v.squeeze_dim::<1>(1);
        let neck = v.clone().square() / (2.0 * self.scale * self.scale);
        neck + (scaled + v * (self.dim - 1) as f64) * 0.5
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let [v, x] = self.split(x);
        let others = (self.dim - 1) as f64;
        let precision = 1.0 / (self.scale * self.scale);
        let gradient_x = x.clone() * (-v.clone()).exp();
        let scaled = (x * gradient_x.clone()).sum_dim(1);
        let energy = v.clone().square() * precision + scaled.clone() + v.clone() * others;
        let gradient_v = v * precision + (-scaled + others) * 0.5;
        (energy.squeeze_dim::<1>(1) * 0.5, Tensor::cat(vec![gradient_v, gradient_x], 1))
    }
}

impl Target for Funnel {
    fn name(&self) -> &'static str {
        "funnel"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.0; self.dim])
    }

    /// s², and e^(s²/2), which is the mean of eᵛ.
    fn variance(&self) -> Option<Vec<f64>> {
        let of_v = self.scale * self.scale;
        let mut variance = vec![(0.5 * of_v).exp(); self.dim];
        variance[0] = of_v;
        Some(variance)
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(0.5 * self.dim as f64 * LN_TAU + self.scale.ln())
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let [z, x] = self.split(key.normal([rows, self.dim], device));
        let v = z * self.scale;
        Some(Tensor::cat(vec![v.clone(), x * (v * 0.5).exp()], 1))
    }
}

#[cfg(test)]
mod tests {
    use ebm_tensor::values;

    use super::*;
    use crate::check;

    /// At s = 1 sample variances converge; at s = 3 a million draws would not do.
    #[test]
    fn known_answers() {
        check::continuous(&Funnel::new(4, 1.0).expect("valid"));
        let neal = Funnel::neal();
        assert!(check::gradient_error(&neal, 1.0) < 1e-6);
        // The ground truth of inference_gym: standard deviations 3 and 9.4877358364.
        let variance = neal.variance().expect("known");
        assert_eq!(variance[0], 9.0);
        assert!((variance[9].sqrt() - 9.487_735_836_4).abs() < 1e-10);
        assert!(Funnel::new(1, 3.0).is_err() && Funnel::new(2, 0.0).is_err());
    }

    /// x = e^(v/2)·z unrolls the funnel into a Gaussian.
    #[test]
    fn normaliser() {
        let funnel = Funnel::new(2, 1.5).expect("valid");
        let unrolled =
            |[v, z]: [f64; 2]| ([1.5 * v, (0.75 * v).exp() * z], 1.5_f64.ln() + 0.75 * v);
        let log_mass = check::log_mass(&funnel, unrolled);
        assert!((log_mass - funnel.log_normaliser().unwrap()).abs() < 1e-9, "{log_mass}");
    }

    /// The distribution of x given v in Neal's funnel: E[Σ xᵢ² e⁻ᵛ] = 9, with variance 18.
    #[test]
    fn neals_samples() {
        let n = 50_000;
        let draws = Funnel::neal().sample(n, Key::new(2), &Device::flex()).expect("exact");
        let scaled = |row: &[f32]| {
            let squares: f64 = row[1..].iter().map(|&x| f64::from(x).powi(2)).sum();
            squares * f64::from(-row[0]).exp()
        };
        let mean = values(draws).chunks(10).map(scaled).sum::<f64>() / n as f64;
        assert!((mean - 9.0).abs() < 4.0 * (18.0 / n as f64).sqrt(), "{mean}");
    }
}
