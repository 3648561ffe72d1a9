//! Bayesian logistic regression.

use burn::tensor::{Tensor, activation};
use ebm_energy::Energy;

use crate::constant::Constant;
use crate::error::TargetError;
use crate::math::row_sum;
use crate::matrix;
use crate::target::Target;

mod quadrature;

use quadrature::{Moments, Posterior};

/// The posterior of the weights w of a logistic regression, yᵢ ~ Bernoulli(σ(xᵢ·w)) with w ~ N(0,
/// s²·I): U(w) = Σᵢ [log(1 + exp(xᵢ·w)) − yᵢ·xᵢ·w] + ‖w‖²/(2s²).
///
/// The energy is strictly convex. An intercept is a column of ones in the design matrix. With one
/// or two weights, moments and normaliser come from a quadrature.
#[derive(Clone, Debug)]
pub struct LogisticRegression {
    /// `[observations, dim]`.
    design: Constant<2>,
    labels: Constant<2>,
    prior_std: f64,
}

impl LogisticRegression {
    /// Creates the posterior for a design matrix given by its rows, one for each label, with s =
    /// `prior_std`.
    ///
    /// # Errors
    /// If there is no observation or no column, the lengths differ, or a number is out of its
    /// range.
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

    /// Returns xᵢ·w. `w`: `[batch, dim]`, output: `[batch, observations]`.
    fn logits(&self, w: &Tensor<2>) -> Tensor<2> {
        w.clone().matmul(self.design.like(w).transpose())
    }

    fn moments(&self) -> Option<Moments> {
        let posterior = Posterior {
            design: self.design.values(),
            labels: self.labels.values(),
            dim: self.dim(),
            prior_precision: 1.0 / (self.prior_std * self.prior_std),
        };
        posterior.moments()
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
mod tests;
