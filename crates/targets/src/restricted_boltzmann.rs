//! The restricted Boltzmann machine with binary units.

use burn::tensor::{Device, Tensor, TensorData, activation};
use ebm_energy::{Bipartite, Energy};
use ebm_noise::Key;
use ebm_noise::streams::target as stream;
use ebm_tensor::values;

use crate::constant::Constant;
use crate::error::TargetError;
use crate::math::{log_sum_exp, row_sum, sigmoid, softplus};
use crate::matrix;
use crate::target::Target;

/// The restricted Boltzmann machine p(v, h) ∝ exp(v·b + h·c + vᵀWh) over v, h ∈ {0, 1}ⁿ (Smolensky
/// 1986; Hinton 2002), as the free energy of the visible units: U(v) = −v·b − Σⱼ log(1 + exp(cⱼ +
/// (vᵀW)ⱼ)).
///
/// States are tensors of zeros and ones. The gradient is that of the same formula on real numbers,
/// from which discrete samplers estimate the effect of a flip (Grathwohl et al., "Oops I took a
/// gradient", ICML 2021). With at most 16 hidden units, moments, normaliser and sampler come from
/// summing over all of their states.
#[derive(Clone, Debug)]
pub struct RestrictedBoltzmann {
    /// The weights W, `[visible, hidden]`.
    weights: Constant<2>,
    visible_bias: Constant<2>,
    hidden_bias: Constant<2>,
}

/// The largest number of hidden units that are summed over: the cost doubles with each.
const LARGEST_ENUMERATION: usize = 16;

impl RestrictedBoltzmann {
    /// Creates a machine with W given by its rows, one for each visible unit, and the biases b and
    /// c.
    ///
    /// # Errors
    /// If a layer is empty, the lengths differ, or a number is not finite.
    pub fn new(
        weights: &[Vec<f64>],
        visible_bias: Vec<f64>,
        hidden_bias: Vec<f64>,
    ) -> Result<Self, TargetError> {
        let shape = [visible_bias.len(), hidden_bias.len()];
        TargetError::at_least("visible units", 1, shape[0])?;
        TargetError::at_least("hidden units", 1, shape[1])?;
        TargetError::length("weights", shape[0], weights.len())?;
        let weights = matrix::flatten("weights", weights, shape[1])?;
        let biases = visible_bias.iter().chain(&hidden_bias);
        biases.into_iter().try_for_each(|&bias| TargetError::finite("bias", bias))?;
        Ok(Self {
            weights: Constant::new(weights, shape),
            visible_bias: Constant::row(visible_bias),
            hidden_bias: Constant::row(hidden_bias),
        })
    }

    /// Returns cⱼ + (vᵀW)ⱼ.
    fn hidden_input(&self, visible: &Tensor<2>) -> Tensor<2> {
        visible.clone().matmul(self.weights.like(visible)) + self.hidden_bias.like(visible)
    }

    /// Returns bᵢ + (Wh)ᵢ for the hidden state whose units are the bits of `hidden`.
    fn visible_input(&self, hidden: usize) -> Vec<f64> {
        let rows = self.weights.values().chunks(self.hidden_bias.values().len());
        let total = |(row, bias): (&[f64], &f64)| bias + on(row, hidden);
        rows.zip(self.visible_bias.values()).map(total).collect()
    }

    /// Returns log Σᵥ exp(−E(v, h)) of every hidden state, in the order of their bits.
    fn log_masses(&self) -> Option<Vec<f64>> {
        let bias = self.hidden_bias.values();
        let log_mass = |hidden| {
            let visible: f64 = self.visible_input(hidden).into_iter().map(softplus).sum();
            on(bias, hidden) + visible
        };
        (bias.len() <= LARGEST_ENUMERATION).then(|| (0..1 << bias.len()).map(log_mass).collect())
    }
}

/// Returns the sum of the entries whose bit is set.
fn on(row: &[f64], bits: usize) -> f64 {
    row.iter().enumerate().filter(|(j, _)| (bits >> j) & 1 == 1).map(|(_, entry)| entry).sum()
}

impl Bipartite for RestrictedBoltzmann {
    /// Returns p(hⱼ = 1 | v) = σ(cⱼ + (vᵀW)ⱼ).
    ///
    /// # Shapes
    /// - `visible`: `[batch, visible]`
    /// - output: `[batch, hidden]`
    fn hidden_given_visible(&self, visible: Tensor<2>) -> Tensor<2> {
        activation::sigmoid(self.hidden_input(&visible))
    }

    /// Returns p(vᵢ = 1 | h) = σ(bᵢ + (Wh)ᵢ).
    ///
    /// # Shapes
    /// - `hidden`: `[batch, hidden]`
    /// - output: `[batch, visible]`
    fn visible_given_hidden(&self, hidden: Tensor<2>) -> Tensor<2> {
        let bias = self.visible_bias.like(&hidden);
        let weights = self.weights.like(&hidden);
        activation::sigmoid(hidden.matmul(weights.transpose()) + bias)
    }
}

impl Energy<2> for RestrictedBoltzmann {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let hidden = row_sum(activation::softplus(self.hidden_input(&x), 1.0));
        let bias = self.visible_bias.like(&x);
        -(row_sum(x * bias) + hidden)
    }

    /// ∇U = −b − W·p(h = 1 | v).
    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let hidden = self.hidden_given_visible(x.clone());
        let weights = self.weights.like(&x).transpose();
        let gradient = -(hidden.matmul(weights) + self.visible_bias.like(&x));
        (self.energy(x), gradient)
    }
}

impl Target for RestrictedBoltzmann {
    fn name(&self) -> &'static str {
        "restricted-boltzmann"
    }

    fn dim(&self) -> usize {
        self.visible_bias.values().len()
    }

    fn mean(&self) -> Option<Vec<f64>> {
        let log_masses = self.log_masses()?;
        let total = log_sum_exp(&log_masses);
        let mut mean = vec![0.0; self.dim()];
        for (hidden, log_mass) in log_masses.iter().enumerate() {
            let probability = (log_mass - total).exp();
            let inputs = self.visible_input(hidden);
            mean.iter_mut().zip(inputs).for_each(|(mean, x)| *mean += probability * sigmoid(x));
        }
        Some(mean)
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.mean()?.into_iter().map(|mean| mean * (1.0 - mean)).collect())
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(log_sum_exp(&self.log_masses()?))
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let log_masses = self.log_masses()?;
        let total = log_sum_exp(&log_masses);
        let mut below = 0.0;
        let cumulative: Vec<f64> = log_masses
            .iter()
            .map(|log_mass| {
                below += (log_mass - total).exp();
                below
            })
            .collect();
        let chosen = values(key.fold(stream::FIRST).uniform::<2>([rows, 1], device));
        let uniform = values(key.fold(stream::SECOND).uniform::<2>([rows, self.dim()], device));
        let mut states = Vec::with_capacity(uniform.len());
        for (&chosen, uniform) in chosen.iter().zip(uniform.chunks(self.dim())) {
            let hidden = cumulative.partition_point(|&c| c <= f64::from(chosen));
            let inputs = self.visible_input(hidden.min(cumulative.len() - 1));
            let unit = |(&u, x): (&f32, f64)| f32::from(u8::from(f64::from(u) < sigmoid(x)));
            states.extend(uniform.iter().zip(inputs).map(unit));
        }
        Some(Tensor::from_data(TensorData::new(states, [rows, self.dim()]), device))
    }
}

#[cfg(test)]
mod tests;
