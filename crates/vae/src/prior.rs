//! The prior of latent codes as a mixture of posteriors.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use std::f64::consts::TAU;

/// A mixture of Gaussians with diagonal covariances and of N(0, I), as a prior p(z) of codes.
///
/// With components q(z|x̃ₖ) at pseudo-inputs x̃ₖ it is the prior of Tomczak and Welling ("VAE with
/// a VampPrior", AISTATS 2018), here with a bank of recent samples as pseudo-inputs: an estimate of
/// the aggregated posterior, outside of which N(0, I) has mass but the decoder has seen no code.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_vae::MixturePrior;
///
/// let device = Device::flex();
/// // A single component N(1, 1), and no share of N(0, I).
/// let prior = MixturePrior::new(&[1.0], &[0.0], 1, 0.0, &device);
/// let z = Tensor::<2>::from_data([[1.0]], &device);
/// let log_density: f32 = prior.log_density(z, None).into_scalar();
/// assert!((log_density + 0.5 * std::f32::consts::TAU.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct MixturePrior {
    /// 1/σ² of each component, `[latent, components]`.
    precision: Tensor<2>,
    /// μ/σ² of each component, `[latent, components]`.
    shift: Tensor<2>,
    /// log N(0; μ, σ²) of each component without its constant of 2π, `[1, components]`.
    at_zero: Tensor<2>,
    /// The weight of N(0, I).
    normal_share: f64,
}

impl MixturePrior {
    /// Creates a prior from the means μ and the logarithms of the standard deviations σ of its
    /// components, each `[components, latent]`, and the weight of N(0, I), which is below 1 as far
    /// as there are components.
    ///
    /// # Panics
    /// If the lengths are not the same multiple of `latent`.
    pub fn new(
        means: &[f32],
        log_stds: &[f32],
        latent: usize,
        normal_share: f64,
        device: &Device,
    ) -> Self {
        assert_eq!(means.len(), log_stds.len(), "a mean for each standard deviation");
        assert_eq!(means.len() % latent, 0, "whole codes");
        let shape = [means.len() / latent, latent];
        let tensor =
            |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, shape), device);
        let precisions: Vec<f32> = log_stds.iter().map(|s| (-2.0 * s).exp()).collect();
        let shifts: Vec<f32> = means.iter().zip(&precisions).map(|(mean, p)| mean * p).collect();
        let at_zero = |k: usize| {
            let each = k * latent..(k + 1) * latent;
            let terms = means[each.clone()].iter().zip(&shifts[each.clone()]).zip(&log_stds[each]);
            let terms =
                terms.map(|((mean, shift), s)| -0.5 * f64::from(mean * shift) - f64::from(*s));
            terms.sum::<f64>() as f32
        };
        let at_zero: Vec<f32> = (0..shape[0]).map(at_zero).collect();
        Self {
            precision: tensor(precisions).transpose(),
            shift: tensor(shifts).transpose(),
            at_zero: Tensor::from_data(TensorData::new(at_zero, [1, shape[0]]), device),
            normal_share,
        }
    }

    /// Returns the number of components besides N(0, I).
    pub fn components(&self) -> usize {
        self.at_zero.dims()[1]
    }

    /// Returns log p(z) of each code, in nats, `[batch]`.
    ///
    /// # Shapes
    /// - `z`: `[batch, latent]`
    /// - `weights`: the relative weights of the components for each code, `[batch, components]`, of
    ///   which at least one in each row is positive; equal weights without them
    pub fn log_density(&self, z: Tensor<2>, weights: Option<Tensor<2>>) -> Tensor<1> {
        let constant = 0.5 * TAU.ln() * z.dims()[1] as f64;
        let square = z.clone().powi_scalar(2);
        let normal = square.clone().sum_dim(1) * -0.5;
        let count = self.components();
        if count == 0 {
            return normal.squeeze_dim::<1>(1) - constant;
        }
        // −½ Σⱼ (z − μ)²/σ² − Σⱼ log σ, as two products of matrices.
        let exponents = z.matmul(self.shift.clone()) - square.matmul(self.precision.clone()) * 0.5
            + self.at_zero.clone();
        let share = 1.0 - self.normal_share;
        let mixture = match weights {
            None => exponents + (share / count as f64).ln(),
            Some(weights) => {
                // A weight of 0 becomes far less than any exponent, but finite.
                let total = weights.clone().sum_dim(1);
                exponents + (weights / total * share + 1e-35).log()
            }
        };
        let all = match self.normal_share > 0.0 {
            true => Tensor::cat(vec![mixture, normal + self.normal_share.ln()], 1),
            false => mixture,
        };
        log_sum_exp(all) - constant
    }
}

/// Returns log Σₖ exp(aₖ) of each row, `[batch]`.
fn log_sum_exp(a: Tensor<2>) -> Tensor<1> {
    // log softmax(a)₀ = a₀ − log Σ exp(a).
    let first = a.clone().narrow(1, 0, 1);
    (first - log_softmax(a, 1).narrow(1, 0, 1)).squeeze_dim::<1>(1)
}

#[cfg(test)]
mod tests {
    use ebm_noise::Key;
    use ebm_tensor::values;

    use super::*;

    const LATENT: usize = 3;

    fn log_normal(z: &[f32], mean: &[f32], log_std: &[f32]) -> f64 {
        let terms = z.iter().zip(mean).zip(log_std).map(|((z, mean), s)| {
            let deviation = f64::from(z - mean) / f64::from(*s).exp();
            -0.5 * deviation * deviation - f64::from(*s) - 0.5 * TAU.ln()
        });
        terms.sum()
    }

    /// Against the definition, with equal weights and with a component that a code may not use.
    #[test]
    fn the_density_is_the_sum_of_the_components() {
        let device = Device::flex();
        let draw = |key, rows| values(Key::new(key).normal::<2>([rows, LATENT], &device));
        let (means, log_stds, z) =
            (draw(1, 4), draw(2, 4), Key::new(3).normal([5, LATENT], &device));
        let prior = MixturePrior::new(&means, &log_stds, LATENT, 0.25, &device);
        let weights: Vec<f32> =
            (0..20).map(|i| if i % 4 == i / 4 % 4 { 0.0 } else { 2.0 }).collect();
        let given = Tensor::from_data(TensorData::new(weights.clone(), [5, 4]), &device);
        let found = [None, Some(given)].map(|w| values(prior.log_density(z.clone(), w)));
        for (row, z) in values(z).chunks(LATENT).enumerate() {
            let of = |weight: &dyn Fn(usize) -> f64| {
                let parts = means.chunks(LATENT).zip(log_stds.chunks(LATENT)).enumerate();
                let mixture: f64 =
                    parts.map(|(k, (mean, s))| weight(k) * log_normal(z, mean, s).exp()).sum();
                let normal = log_normal(z, &[0.0; LATENT], &[0.0; LATENT]).exp();
                (0.75 * mixture + 0.25 * normal).ln()
            };
            let equal = of(&|_| 0.25);
            let weighted = of(&|k| f64::from(weights[row * 4 + k]) / 6.0);
            assert!((f64::from(found[0][row]) - equal).abs() < 1e-4, "{} {equal}", found[0][row]);
            assert!(
                (f64::from(found[1][row]) - weighted).abs() < 1e-4,
                "{} {weighted}",
                found[1][row]
            );
        }
    }

    /// Far from every component, where each exponential underflows.
    #[test]
    fn far_codes_have_a_finite_density() {
        let device = Device::flex();
        let prior = MixturePrior::new(&[0.0; 2], &[-3.0; 2], 2, 0.0, &device);
        let z = Tensor::<2>::full([1, 2], 5.0, &device);
        let found = f64::from(prior.log_density(z, None).into_scalar::<f32>());
        let expected = 2.0 * (-0.5 * 25.0 * 6.0_f64.exp() + 3.0 - 0.5 * TAU.ln());
        assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
    }
}
