//! The gradient of maximum likelihood, from which energies learn.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::softplus;
use burn::tensor::{Device, Tensor, TensorData};
use ebm_score::WeightGradient;
use ebm_tensor::{Condition, Examples, values};

use crate::conv::ConvEnergy;
use crate::frozen::FrozenConvEnergy;
use crate::residual::ResidualEnergy;

/// The learning gradient of an energy, with the values computed along with it.
#[derive(Debug)]
pub struct Learning {
    /// The mean of f(x̃) over samples of the model.
    pub f_samples: f64,
    /// The mean of f(x) over data.
    pub f_data: f64,
    /// The mean of log(1 + exp(f(x, c′) − f(x, c))) over data, if its weight is not 0; it is log 2
    /// if f does not depend on c.
    pub condition_loss: Option<f64>,
    /// The gradient ∇θ[mean f(x̃, c) − mean f(x, c)], plus that of the additional [terms](Terms),
    /// for descent.
    pub gradients: GradientsParams,
}

/// The terms added to the loss mean f(x̃, c) − mean f(x, c); none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// The weight α of α·(mean f(x̃, c)² + mean f(x, c)²) (Du and Mordatch 2019, sec. 3.3).
    pub regulariser: f64,
    /// The weight w of w·mean log(1 + exp(f(x, c′) − f(x, c))), where c′ is the condition of the
    /// next image: noise-contrastive estimation (Gutmann and Hyvärinen, AISTATS 2010; in its
    /// conditional form Ma and Collins, EMNLP 2018) of log p(x, c)/(p(x)p(c)). Without it, nothing
    /// fixes the differences of f(x, c) between conditions for one x. It has no effect on an
    /// unconditional energy.
    pub condition_weight: f64,
}

/// The samples and data from which an energy learns.
#[derive(Clone, Debug)]
pub struct Contrast {
    /// The samples x̃ at the ends of chains, `[samples, channels, height, width]`.
    pub samples: Tensor<4>,
    /// The data x and, for a conditional energy, the conditions c: one for each image and for the
    /// chain at the same index.
    pub data: Examples,
}

impl ConvEnergy {
    /// Returns the learning gradient, as
    /// [`EnergyNetwork::learning`](crate::EnergyNetwork::learning) does: on a CPU by the plan that
    /// chains use, otherwise by autodiff. The network must be on an autodiff device for autodiff
    /// and for a condition.
    pub fn learning(&self, contrast: Contrast, terms: Terms) -> Learning {
        match FrozenConvEnergy::new(self) {
            Some(frozen) => frozen.learning(self, contrast, terms),
            None => by_autodiff(self, Self::negative_energy, contrast, terms),
        }
    }
}

impl ResidualEnergy {
    /// Returns the learning gradient, as
    /// [`EnergyNetwork::learning`](crate::EnergyNetwork::learning) does.
    pub fn learning(&self, contrast: Contrast, terms: Terms) -> Learning {
        by_autodiff(self, |network, x, _| network.negative_energy(x), contrast, terms)
    }
}

pub(crate) fn by_autodiff<M: Module>(
    network: &M,
    f: impl Fn(&M, Tensor<4>, Option<&Condition>) -> Tensor<1>,
    contrast: Contrast,
    terms: Terms,
) -> Learning {
    let Contrast { samples, data: Examples { images: data, condition } } = contrast;
    let [f_samples, f_data] = [samples, data.clone()].map(|x| f(network, x, condition.as_ref()));
    let mut loss = f_samples.clone().mean() - f_data.clone().mean();
    if terms.regulariser > 0.0 {
        let square = |f: &Tensor<1>| f.clone().powi_scalar(2).mean();
        loss = loss + (square(&f_samples) + square(&f_data)) * terms.regulariser;
    }
    let condition = condition.filter(|_| terms.condition_weight > 0.0);
    let told_apart = condition.map(|c| {
        let f_next = f(network, data, Some(&c.shift()));
        softplus(f_next - f_data.clone(), 1.0).mean()
    });
    if let Some(term) = &told_apart {
        loss = loss + term.clone() * terms.condition_weight;
    }
    let gradients = GradientsParams::from_grads(loss.backward(), network);
    let mean = |f: Tensor<1>| f64::from(f.mean().into_scalar::<f32>());
    let condition_loss = told_apart.map(mean);
    Learning { f_samples: mean(f_samples), f_data: mean(f_data), condition_loss, gradients }
}

impl FrozenConvEnergy {
    /// Returns the learning gradient of `energy`, whose weights this plan holds.
    pub(crate) fn learning(
        mut self,
        energy: &ConvEnergy,
        contrast: Contrast,
        terms: Terms,
    ) -> Learning {
        let Contrast { samples, data: Examples { images: data, condition } } = contrast;
        let device = samples.device().without_autodiff();
        let [of_samples, of_data] = [&samples, &data].map(|x| x.dims()[0]);
        let mut sets = vec![samples, data.clone()];
        // The plan takes the sums that c adds; the weights of c learn from the gradient of these
        // sums.
        let added = energy.added(condition.as_ref()).map(|(layer, sums)| {
            let (given, expected) = ([of_samples, of_data], [sums.dims()[0]; 2]);
            assert_eq!(given, expected, "a condition for each sample and its data");
            let mut all = vec![sums.clone(), sums.clone()];
            if terms.condition_weight > 0.0 {
                sets.push(data);
                all.push(sums.roll_dim(-1, 0));
            }
            (layer, Tensor::cat(all, 0))
        });
        if let Some((layer, sums)) = &added {
            self = self.hold(*layer, &values(sums.clone()));
        }
        // The data once more, with the condition of the next image: as many as the data, or none.
        let given_next = if sets.len() > 2 { of_data } else { 0 };
        let x: Vec<f32> = sets.into_iter().flat_map(values).collect();
        // The plan's value is U = −f.
        let weight = |count: usize| 1.0 / count as f32;
        let mut coefficients = vec![-weight(of_samples); of_samples];
        coefficients.resize(of_samples + of_data, weight(of_data));
        coefficients.resize(of_samples + of_data + given_next, 0.0);
        let mut energies = vec![0.0; coefficients.len()];
        let mut condition_loss = None;
        if terms.regulariser > 0.0 || given_next > 0 {
            // The derivatives of the additional terms with respect to U, which the gradient needs
            // as coefficients.
            self.plan().value(&x, self.addend(), &mut energies);
            for (coefficient, &u) in coefficients.iter_mut().zip(&energies) {
                *coefficient += 2.0 * terms.regulariser as f32 * u * coefficient.abs();
            }
            let (own, next) = energies[of_samples..].split_at(of_data);
            let (own_weights, next_weights) = coefficients[of_samples..].split_at_mut(of_data);
            let mut losses = 0.0;
            for (i, u_next) in next.iter().enumerate() {
                let [loss, slope] = softplus_and_slope(own[i] - u_next);
                losses += f64::from(loss);
                let pull = terms.condition_weight as f32 * slope * weight(of_data);
                own_weights[i] += pull;
                next_weights[i] -= pull;
            }
            condition_loss = (given_next > 0).then(|| losses / of_data as f64);
        }
        let gradient = self.plan().weight_gradient(&x, self.addend(), &coefficients, &mut energies);
        let mean = |u: &[f32]| -u.iter().map(|&u| f64::from(u)).sum::<f64>() / u.len() as f64;
        Learning {
            f_samples: mean(&energies[..of_samples]),
            f_data: mean(&energies[of_samples..][..of_data]),
            condition_loss,
            gradients: gradients(energy, gradient, added, &device),
        }
    }
}

/// Returns the gradients of a network's parameters, from those of its plan and of the sums that its
/// condition added to a layer.
fn gradients(
    energy: &ConvEnergy,
    gradient: WeightGradient,
    added: Option<(usize, Tensor<4>)>,
    device: &Device,
) -> GradientsParams {
    let mut gradients = GradientsParams::new();
    for (convolution, layer) in energy.convolutions.iter().zip(gradient.layers) {
        let shape = convolution.weight.dims();
        let weight = Tensor::from_data(TensorData::new(layer.weight, shape), device);
        gradients.register::<4>(convolution.weight.id, weight);
        if let Some(parameter) = &convolution.bias {
            let bias = Tensor::from_data(TensorData::new(layer.bias, parameter.dims()), device);
            gradients.register::<1>(parameter.id, bias);
        }
    }
    // The plan's head is minus the sum of the head's outputs, so each output has its negated
    // gradient.
    let [outputs, channels, height, width] = energy.head.weight.dims();
    let head: Vec<f32> = gradient.head.iter().map(|weight| -weight).collect();
    let head = Tensor::<4>::from_data(TensorData::new(head, [1, channels, height, width]), device);
    gradients.register::<4>(energy.head.weight.id, head.repeat_dim(0, outputs));
    if let Some(parameter) = &energy.head.bias {
        let bias = vec![-gradient.head_bias; outputs];
        gradients.register::<1>(
            parameter.id,
            Tensor::from_data(TensorData::new(bias, [outputs]), device),
        );
    }
    if let (Some(condition), Some((_, sums))) = (&energy.condition, added) {
        let pull = Tensor::from_data(TensorData::new(gradient.addend, sums.dims()), device);
        let mut pulled = (sums * pull).sum().backward();
        if let Some(weight) = condition.weight().val().grad_remove(&mut pulled) {
            gradients.register::<4>(condition.weight().id, weight);
        }
    }
    gradients
}

/// Returns log(1 + eˣ) and its derivative, for any x.
fn softplus_and_slope(x: f32) -> [f32; 2] {
    let e = (-x.abs()).exp();
    [x.max(0.0) + e.ln_1p(), if x > 0.0 { 1.0 } else { e } / (1.0 + e)]
}

#[cfg(test)]
mod tests;
