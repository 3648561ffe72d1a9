//! Bayesian logistic regression.

use burn::tensor::{Tensor, activation};

use super::constant::Constant;
use super::{Target, TargetError, matrix, row_sum};
use ebm_energy::Energy;

mod quadrature;

/// The posterior of the weights w of a logistic regression, yᵢ ~ Bernoulli(σ(xᵢ·w)) with w ~ N(0, s²·I):
/// U(w) = Σᵢ [log(1 + exp(xᵢ·w)) − yᵢ·xᵢ·w] + ‖w‖²/(2s²).
///
/// The energy is strictly convex. An intercept is a column of ones in the design matrix. With one or two weights,
/// moments and normaliser come from a quadrature.
#[derive(Clone, Debug)]
pub struct LogisticRegression {
    /// `[observations, dim]`.
    design: Constant<2>,
    labels: Constant<2>,
    prior_std: f64,
}

impl LogisticRegression {
    /// Of a design matrix given by its rows, one for each label; s is `prior_std`.
    ///
    /// # Errors
    /// If there is no observation or no column, the lengths differ, or a number is out of its range.
    pub fn new(design: &[Vec<f64>], labels: &[bool], prior_std: f64) -> Result<Self, TargetError> {
        TargetError::at_least("observations", 1, design.len())?;
        TargetError::length("labels", design.len(), labels.len())?;
        let dim = design[0].len();
        TargetError::at_least("dim", 1, dim)?;
        TargetError::positive("prior_std", prior_std)?;
        let entries = matrix::flatten("design", design, dim)?;
        Ok(Self {
            design: Constant::new(entries, [design.len(), dim]),
            labels: Constant::row(labels.iter().map(|&label| f64::from(u8::from(label))).collect()),
            prior_std,
        })
    }

    /// xᵢ·w. `w`: `[batch, dim]`, output: `[batch, observations]`.
    fn logits(&self, w: &Tensor<2>) -> Tensor<2> {
        w.clone().matmul(self.design.like(w).transpose())
    }

    fn energy_of(&self, w: Tensor<2>, logits: Tensor<2>) -> Tensor<1> {
        let labels = self.labels.like(&w);
        let losses = activation::softplus(logits.clone(), 1.0) - logits * labels;
        row_sum(losses) + row_sum(w.square()) / (2.0 * self.prior_std * self.prior_std)
    }
}

impl Energy<2> for LogisticRegression {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let logits = self.logits(&x);
        self.energy_of(x, logits)
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let logits = self.logits(&x);
        let surplus = activation::sigmoid(logits.clone()) - self.labels.like(&x);
        let of_data = surplus.matmul(self.design.like(&x));
        let gradient = of_data + x.clone() / (self.prior_std * self.prior_std);
        (self.energy_of(x, logits), gradient)
    }
}

impl Target for LogisticRegression {
    fn name(&self) -> &'static str {
        "logistic-regression"
    }

    fn dim(&self) -> usize {
        self.design.shape()[1]
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(self.moments()?.mean)
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.moments()?.variance)
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(self.moments()?.log_mass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DiagonalGaussian, check};
    use burn::tensor::Device;
    use ebm_noise::Key;

    #[test]
    fn closed_form_gradient() {
        let design = ebm_tensor::values(Key::new(6).normal::<2>([40, 5], &Device::flex()));
        let rows: Vec<Vec<f64>> =
            design.chunks(5).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect();
        let labels: Vec<bool> = rows.iter().map(|row| row[0] - 0.5 * row[1] > 0.1).collect();
        let target = LogisticRegression::new(&rows, &labels, 2.0).expect("valid");
        let error = check::gradient_error(&target, 2.0);
        assert!(error < 1e-6, "{error:e}");
    }

    /// Observations that say nothing leave the prior, and one energy of log 2 each.
    #[test]
    fn without_information_the_posterior_is_the_prior() {
        let target = LogisticRegression::new(&vec![vec![0.0; 2]; 3], &[true, false, true], 0.7);
        let (target, prior) =
            (target.expect("valid"), DiagonalGaussian::isotropic(2, 0.7).expect("valid"));
        let expected = prior.log_normaliser().unwrap() - 3.0 * std::f64::consts::LN_2;
        let log_mass = check::log_mass(&target, |x| (x, 0.0));
        assert!((log_mass - expected).abs() < 1e-9, "{log_mass}");
    }

    /// One observation at x = 1 with y = 1 under the prior N(0, s²): ∫ σ(w)·N(w; 0, s²) dw = ½ by symmetry.
    #[test]
    fn evidence_of_one_observation() {
        let target = LogisticRegression::new(&[vec![1.0, 0.0]], &[true], 1.0).expect("valid");
        let expected = crate::LN_TAU - std::f64::consts::LN_2;
        let log_mass = check::log_mass(&target, |x| (x, 0.0));
        assert!((log_mass - expected).abs() < 1e-9, "{log_mass}");
    }

    /// Logits beyond the range of exp: the loss is linear there.
    #[test]
    fn separable_far_away() {
        let target = LogisticRegression::new(&[vec![1.0]], &[false], 1e6).expect("valid");
        let x = Tensor::from_data([[500.0], [-500.0]], &Device::flex());
        let (energy, gradient) = target.energy_and_gradient(x);
        let tolerance = burn::tensor::Tolerance::<f32>::rel_abs(1e-6, 1e-6);
        energy.into_data().assert_approx_eq(&[500.0_f32, 0.0].into(), tolerance);
        gradient.into_data().assert_approx_eq(&[[1.0_f32], [0.0]].into(), tolerance);
    }

    #[test]
    fn impossible_parameters() {
        assert!(LogisticRegression::new(&[], &[], 1.0).is_err());
        assert!(LogisticRegression::new(&[vec![1.0]], &[true, false], 1.0).is_err());
        assert!(LogisticRegression::new(&[vec![1.0], vec![]], &[true, false], 1.0).is_err());
        assert!(LogisticRegression::new(&[vec![f64::NAN]], &[true], 1.0).is_err());
        assert!(LogisticRegression::new(&[vec![1.0]], &[true], 0.0).is_err());
    }
}
