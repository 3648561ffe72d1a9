//! Curved ridges in the plane: the banana and Rosenbrock's function.

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;

use crate::error::TargetError;
use crate::math::LN_TAU;
use crate::target::Target;

/// A banana: x₁ ~ N(m, s²) and x₂ | x₁ ~ N(c·(x₁² − o), t²), that is U(x) = (x₁ − m)²/(2s²) + (x₂ −
/// c·(x₁² − o))²/(2t²).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Banana {
    name: &'static str,
    /// The mean m of x₁.
    centre: f64,
    /// The standard deviation s of x₁.
    along: f64,
    /// The curvature c.
    curvature: f64,
    /// The offset o.
    offset: f64,
    /// The standard deviation t of x₂ given x₁.
    across: f64,
}

impl Banana {
    /// Creates the banana with m = 0, s = 10, o = 100 and t = 1 of Haario, Saksman and Tamminen
    /// (1999) with the sign of x₂ as in inference_gym, where the curvature is 0.03.
    ///
    /// # Errors
    /// If `curvature` is not finite.
    pub fn new(curvature: f64) -> Result<Self, TargetError> {
        TargetError::finite("curvature", curvature)?;
        let [centre, along, offset, across] = [0.0, 10.0, 100.0, 1.0];
        Ok(Self { name: "banana", centre, along, curvature, offset, across })
    }

    /// Creates Rosenbrock's function as an energy, U(x) = [(1 − x₁)² + 100·(x₂ − x₁²)²] / T, at
    /// `temperature` T: 20 in Goodman and Weare (2010), 1 where the function itself is the energy.
    ///
    /// # Errors
    /// If `temperature` is not positive.
    pub fn rosenbrock(temperature: f64) -> Result<Self, TargetError> {
        TargetError::positive("temperature", temperature)?;
        Ok(Self {
            name: "rosenbrock",
            centre: 1.0,
            along: (0.5 * temperature).sqrt(),
            curvature: 1.0,
            offset: 0.0,
            across: (temperature / 200.0).sqrt(),
        })
    }

    /// Returns (x₁ − m)/s and (x₂ − c·(x₁² − o))/t, both `[batch, 1]`, which are standard normal.
    fn standardise(&self, x: &Tensor<2>) -> [Tensor<2>; 2] {
        let [first, second] = [0, 1].map(|i| x.clone().narrow(1, i, 1));
        let ridge = (first.clone().square() - self.offset) * self.curvature;
        [(first - self.centre) / self.along, (second - ridge) / self.across]
    }
}

fn half_squares([a, b]: [Tensor<2>; 2]) -> Tensor<1> {
    ((a.square() + b.square()) * 0.5).squeeze_dim(1)
}

impl Energy<2> for Banana {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        half_squares(self.standardise(&x))
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let [a, b] = self.standardise(&x);
        let second = b.clone() / self.across;
        let first = x.narrow(1, 0, 1);
        let slope = first * second.clone() * (2.0 * self.curvature);
        let gradient = Tensor::cat(vec![a.clone() / self.along - slope, second], 1);
        (half_squares([a, b]), gradient)
    }
}

impl Target for Banana {
    fn name(&self) -> &'static str {
        self.name
    }

    fn dim(&self) -> usize {
        2
    }

    fn mean(&self) -> Option<Vec<f64>> {
        let second_moment = self.centre.powi(2) + self.along.powi(2);
        Some(vec![self.centre, self.curvature * (second_moment - self.offset)])
    }

    /// Var x₁² = 2s⁴ + 4m²s².
    fn variance(&self) -> Option<Vec<f64>> {
        let along = self.along.powi(2);
        let of_square = 2.0 * along * along + 4.0 * self.centre.powi(2) * along;
        Some(vec![along, self.across.powi(2) + self.curvature.powi(2) * of_square])
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(LN_TAU + (self.along * self.across).ln())
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let z = key.normal::<2>([rows, 2], device);
        let first = z.clone().narrow(1, 0, 1) * self.along + self.centre;
        let ridge = (first.clone().square() - self.offset) * self.curvature;
        Some(Tensor::cat(vec![first, z.narrow(1, 1, 1) * self.across + ridge], 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn known_answers() {
        let banana = Banana::new(0.03).expect("valid");
        check::continuous(&banana);
        // The ground truth of inference_gym: mean 0, standard deviations 10 and 4.3588989435.
        assert_eq!(banana.mean(), Some(vec![0.0, 0.0]));
        let deviation = banana.variance().unwrap()[1].sqrt();
        assert!((deviation - 4.358_898_943_5).abs() < 1e-10, "{deviation}");
        let rosenbrock = Banana::rosenbrock(20.0).expect("valid");
        check::continuous(&rosenbrock);
        assert!((rosenbrock.variance().unwrap()[1] - 240.1).abs() < 1e-9);
    }

    /// The ridge is a change of variables with Jacobian 1 along which the density is Gaussian.
    #[test]
    fn normaliser() {
        let rosenbrock = Banana::rosenbrock(1.0).expect("valid");
        let along_ridge = |[a, b]: [f64; 2]| ([1.0 + a, (1.0 + a).powi(2) + 0.1 * b], 0.1_f64.ln());
        let log_mass = check::log_mass(&rosenbrock, along_ridge);
        assert!((log_mass - rosenbrock.log_normaliser().unwrap()).abs() < 1e-9, "{log_mass}");
    }

    #[test]
    fn rosenbrock_is_rosenbrocks_function() {
        let x = Tensor::from_data([[-1.2, 1.0], [1.0, 1.0]], &Device::flex());
        let energy = Banana::rosenbrock(1.0).expect("valid").energy(x);
        // 24.2 at the usual starting point, 0 at the minimum.
        energy.into_data().assert_approx_eq(
            &[24.2_f32, 0.0].into(),
            burn::tensor::Tolerance::<f32>::rel_abs(1e-5, 1e-6),
        );
        assert!(Banana::rosenbrock(0.0).is_err() && Banana::new(f64::NAN).is_err());
    }
}
