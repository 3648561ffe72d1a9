//! How an energy learns: the gradient of maximum likelihood.

use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};

use crate::{ConvEnergy, FrozenConvEnergy};

/// The learning gradient of an energy, and the values that it came with.
#[derive(Debug)]
pub struct Learning {
    /// mean f(x̃) over samples of the model.
    pub f_samples: f64,
    /// mean f(x) over data.
    pub f_data: f64,
    /// ∇θ[mean f(x̃) − mean f(x)], which descent follows.
    pub gradients: GradientsParams,
}

impl ConvEnergy {
    /// The gradient of maximum likelihood, ∇θ[mean f(x̃) − mean f(x)] (variational MCMC teaching, eq. 3): the
    /// Gaussian reference term has no parameters and cancels. On a CPU by the plan that chains use, else
    /// through autodiff; the network must be on an autodiff device for the latter.
    ///
    /// # Shapes
    /// - `samples`: `[samples, channels, height, width]`
    /// - `data`: `[batch, channels, height, width]`
    pub fn learning(&self, samples: Tensor<4>, data: Tensor<4>) -> Learning {
        match FrozenConvEnergy::new(self) {
            Some(frozen) => frozen.learning(self, samples, data),
            None => self.learning_by_autodiff(samples, data),
        }
    }

    fn learning_by_autodiff(&self, samples: Tensor<4>, data: Tensor<4>) -> Learning {
        let [f_samples, f_data] = [samples, data].map(|x| self.negative_energy(x).mean());
        let loss = f_samples.clone() - f_data.clone();
        let gradients = GradientsParams::from_grads(loss.backward(), self);
        let [f_samples, f_data] = [f_samples, f_data].map(|f| f64::from(f.into_scalar::<f32>()));
        Learning { f_samples, f_data, gradients }
    }
}

impl FrozenConvEnergy {
    /// As [`ConvEnergy::learning`], for the energy that this was made of.
    fn learning(&self, energy: &ConvEnergy, samples: Tensor<4>, data: Tensor<4>) -> Learning {
        let device = samples.device().without_autodiff();
        let counts = [samples.dims()[0], data.dims()[0]];
        let mut x = crate::frozen::values(samples);
        x.extend(crate::frozen::values(data));
        // The plan's value is U = −f.
        let weight = |count: usize| 1.0 / count as f32;
        let mut coefficients = vec![-weight(counts[0]); counts[0]];
        coefficients.resize(counts[0] + counts[1], weight(counts[1]));
        let mut values = vec![0.0; coefficients.len()];
        let gradient = self.plan().weight_gradient(&x, &coefficients, &mut values);
        let (u_samples, u_data) = values.split_at(counts[0]);
        let mean = |u: &[f32]| -u.iter().map(|&u| f64::from(u)).sum::<f64>() / u.len() as f64;

        let mut gradients = GradientsParams::new();
        for (convolution, [weight, bias]) in energy.convolutions.iter().zip(gradient.layers) {
            let shape = convolution.weight.dims();
            let weight = Tensor::from_data(TensorData::new(weight, shape), &device);
            gradients.register::<4>(convolution.weight.id, weight);
            if let Some(parameter) = &convolution.bias {
                let bias = Tensor::from_data(TensorData::new(bias, parameter.dims()), &device);
                gradients.register::<1>(parameter.id, bias);
            }
        }
        // The plan's head is minus the sum of the head's outputs, so each of them has its gradient, negated.
        let [outputs, channels, height, width] = energy.head.weight.dims();
        let head: Vec<f32> = gradient.head.iter().map(|weight| -weight).collect();
        let head =
            Tensor::<4>::from_data(TensorData::new(head, [1, channels, height, width]), &device);
        gradients.register::<4>(energy.head.weight.id, head.repeat_dim(0, outputs));
        if let Some(parameter) = &energy.head.bias {
            let bias = vec![-gradient.head_bias; outputs];
            gradients.register::<1>(
                parameter.id,
                Tensor::from_data(TensorData::new(bias, [outputs]), &device),
            );
        }
        Learning { f_samples: mean(u_samples), f_data: mean(u_data), gradients }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::{Device, Tolerance};
    use ebm_noise::Key;

    use super::*;
    use crate::ConvEnergyConfig;
    use crate::frozen::tests::distance_to_jump;

    /// Every parameter's gradient, from the plan and through autodiff.
    #[test]
    fn plan_and_autodiff_agree() {
        let device = Device::flex().autodiff();
        let config = ConvEnergyConfig { init_std: 0.05, ..ConvEnergyConfig::mnist() };
        let energy = config.init([1, 28], Key::new(5), &device).expect("valid");
        // Where rounding cannot decide the sign of an activation: there the gradient jumps.
        let images = |key| {
            let x = Key::new(key).uniform::<4>([40, 1, 28, 28], &Device::flex()) * 2.0 - 1.0;
            let distances = distance_to_jump(&energy.valid(), x.clone());
            let smooth: Vec<_> = (0..40).filter(|&i| distances[i] > 1e-6).collect();
            Tensor::cat(smooth.iter().map(|&i| x.clone().narrow(0, i, 1)).collect(), 0)
        };
        let (samples, data) = (images(1), images(2));
        let plan = energy.learning(samples.clone(), data.clone());
        let autodiff = energy.learning_by_autodiff(samples, data);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-4 * b.abs().max(1.0);
        assert!(close(plan.f_samples, autodiff.f_samples) && close(plan.f_data, autodiff.f_data));
        assert_eq!(plan.gradients.len(), 8);
        assert_eq!(autodiff.gradients.len(), 8);
        let largest = |tensor: Tensor<1>| tensor.abs().max().into_scalar::<f32>();
        let tolerance = |expected: &Tensor<1>| {
            Tolerance::<f32>::rel_abs(1e-4, 1e-4 * largest(expected.clone()) + 1e-7)
        };
        let layers = energy.convolutions.iter().chain([&energy.head]);
        for (index, layer) in layers.enumerate() {
            let bias = layer.bias.as_ref().expect("layers have biases").id;
            let weights = [&plan, &autodiff].map(|l| {
                l.gradients.get::<4>(layer.weight.id).expect("registered").flatten::<1>(0, 3)
            });
            let biases =
                [&plan, &autodiff].map(|l| l.gradients.get::<1>(bias).expect("registered"));
            for [given, expected] in [weights, biases] {
                let tolerance = tolerance(&expected);
                assert_eq!(given.dims(), expected.dims(), "layer {index}");
                given.into_data().assert_approx_eq(&expected.into_data(), tolerance);
            }
        }
    }
}
