//! How an energy learns: the gradient of maximum likelihood.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};

use crate::{ConvEnergy, FrozenConvEnergy, ResidualEnergy};

/// The learning gradient of an energy, and the values that it came with.
#[derive(Debug)]
pub struct Learning {
    /// mean f(x̃) over samples of the model.
    pub f_samples: f64,
    /// mean f(x) over data.
    pub f_data: f64,
    /// ∇θ[mean f(x̃, c) − mean f(x, c)] and, if asked for, of the regulariser; descent follows it.
    pub gradients: GradientsParams,
}

/// What an energy learns from.
#[derive(Clone, Debug)]
pub struct Contrast {
    /// x̃, where chains ended, `[samples, channels, height, width]`.
    pub samples: Tensor<4>,
    /// x, `[batch, channels, height, width]`.
    pub data: Tensor<4>,
    /// c of a conditional energy, one for each of the data and for the chain beside it, `[batch, …]`.
    pub condition: Option<Tensor<4>>,
}

impl ConvEnergy {
    /// As [`EnergyNetwork::learning`](crate::EnergyNetwork::learning): on a CPU by the plan that chains use, else
    /// through autodiff; the network must be on an autodiff device for the latter and for a condition.
    pub fn learning(&self, contrast: Contrast, regulariser: f64) -> Learning {
        match FrozenConvEnergy::new(self) {
            Some(frozen) => frozen.learning(self, contrast, regulariser),
            None => by_autodiff(self, Self::negative_energy, contrast, regulariser),
        }
    }
}

impl ResidualEnergy {
    /// As [`EnergyNetwork::learning`](crate::EnergyNetwork::learning).
    pub fn learning(&self, contrast: Contrast, regulariser: f64) -> Learning {
        by_autodiff(self, |network, x, _| network.negative_energy(x), contrast, regulariser)
    }
}

fn by_autodiff<M: Module>(
    network: &M,
    f: impl Fn(&M, Tensor<4>, Option<Tensor<4>>) -> Tensor<1>,
    contrast: Contrast,
    regulariser: f64,
) -> Learning {
    let Contrast { samples, data, condition } = contrast;
    let [f_samples, f_data] = [samples, data].map(|x| f(network, x, condition.clone()));
    let mut loss = f_samples.clone().mean() - f_data.clone().mean();
    if regulariser > 0.0 {
        let square = |f: &Tensor<1>| f.clone().powi_scalar(2).mean();
        loss = loss + (square(&f_samples) + square(&f_data)) * regulariser;
    }
    let gradients = GradientsParams::from_grads(loss.backward(), network);
    let [f_samples, f_data] = [f_samples, f_data].map(|f| f64::from(f.mean().into_scalar::<f32>()));
    Learning { f_samples, f_data, gradients }
}

impl FrozenConvEnergy {
    /// As [`ConvEnergy::learning`], for the energy that this was made of.
    fn learning(mut self, energy: &ConvEnergy, contrast: Contrast, regulariser: f64) -> Learning {
        let Contrast { samples, data, condition } = contrast;
        let device = samples.device().without_autodiff();
        let counts = [samples.dims()[0], data.dims()[0]];
        let mut x = crate::frozen::values(samples);
        x.extend(crate::frozen::values(data));
        // The plan knows what c adds, not its weights: they learn from the gradient of what they add.
        let added = energy.added(condition);
        if let Some((layer, sums)) = &added {
            assert_eq!(counts, [sums.dims()[0]; 2], "one condition for each sample and its data");
            self = self.hold(*layer, &crate::frozen::values(sums.clone()).repeat(2));
        }
        // The plan's value is U = −f.
        let weight = |count: usize| 1.0 / count as f32;
        let mut coefficients = vec![-weight(counts[0]); counts[0]];
        coefficients.resize(counts[0] + counts[1], weight(counts[1]));
        let mut values = vec![0.0; coefficients.len()];
        if regulariser > 0.0 {
            // The derivative of α·U²/n with respect to U, which must be known before its gradient.
            self.plan().value(&x, self.addend(), &mut values);
            for (coefficient, &u) in coefficients.iter_mut().zip(&values) {
                *coefficient += 2.0 * regulariser as f32 * u * coefficient.abs();
            }
        }
        let gradient = self.plan().weight_gradient(&x, self.addend(), &coefficients, &mut values);
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
        if let (Some(condition), Some((_, sums))) = (&energy.condition, added) {
            let shape = sums.dims();
            let (of_samples, of_data) = gradient.addend.split_at(shape.iter().product());
            let both: Vec<f32> = of_samples.iter().zip(of_data).map(|(a, b)| a + b).collect();
            let pull = Tensor::from_data(TensorData::new(both, shape), &device);
            let mut pulled = (sums * pull).sum().backward();
            if let Some(weight) = condition.weight().val().grad_remove(&mut pulled) {
                gradients.register::<4>(condition.weight().id, weight);
            }
        }
        Learning { f_samples: mean(u_samples), f_data: mean(u_data), gradients }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleMapper, Param};
    use burn::tensor::{Device, Tolerance};
    use ebm_noise::Key;

    use super::*;
    use crate::frozen::tests::distance_to_jump;
    use crate::{ConditionConfig, ConvEnergyConfig, Energy, EnergyNetwork, ResidualEnergyConfig};

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
        // The second is large enough to turn gradients around.
        for regulariser in [0.0, 0.3] {
            let (samples, data) = (samples.clone(), data.clone());
            compare(&energy, Contrast { samples, data, condition: None }, regulariser);
        }
    }

    /// The same of a conditional network, by all its ways of seeing a condition.
    #[test]
    fn plan_and_autodiff_agree_given_a_condition() {
        let device = Device::flex();
        let images = |key| Key::new(key).uniform::<4>([12, 1, 12, 12], &device) * 2.0 - 1.0;
        let one_hot = |i: usize| (0..4).map(move |k| if i % 4 == k { 1.0_f32 } else { 0.0 });
        let classes: Vec<f32> = (0..12).flat_map(one_hot).collect();
        let classes = Tensor::<1>::from_data(classes.as_slice(), &device).reshape([12, 4, 1, 1]);
        for (layer, embedding, condition) in
            [(0, false, images(3)), (1, false, classes.clone()), (2, true, classes)]
        {
            let [_, channels, side, _] = condition.dims();
            let config = ConvEnergyConfig {
                init_std: 0.05,
                condition: Some(ConditionConfig { layer, embedding }),
                ..ConvEnergyConfig::mnist()
            };
            let key = Key::new(5);
            let energy = config
                .init_conditional([1, 12], Some([channels, side]), key, &device.clone().autodiff())
                .expect("valid");
            let (samples, data) = (images(1), images(2));
            compare(&energy, Contrast { samples, data, condition: Some(condition.clone()) }, 0.1);

            // And the chain's energy, which the condition moves.
            let network = EnergyNetwork::Conv(energy.valid());
            let given = network.clone().given(Some(condition));
            let (value, score) = given.energy_and_gradient(images(1));
            let (frozen, frozen_score) =
                given.freeze().expect("flex").energy_and_gradient(images(1));
            let largest = score.clone().abs().max().into_scalar::<f32>();
            let close = Tolerance::<f32>::rel_abs(1e-4, 1e-4 * largest);
            frozen.into_data().assert_approx_eq(&value.clone().into_data(), close);
            frozen_score.into_data().assert_approx_eq(&score.into_data(), close);
            let without = network.given(None).energy(images(1));
            assert!((value - without).abs().min().into_scalar::<f32>() > 1e-6, "layer {layer}");
        }
    }

    fn compare(energy: &ConvEnergy, contrast: Contrast, regulariser: f64) {
        let plan = energy.learning(contrast.clone(), regulariser);
        let autodiff = by_autodiff(energy, ConvEnergy::negative_energy, contrast, regulariser);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-4 * b.abs().max(1.0);
        assert!(close(plan.f_samples, autodiff.f_samples) && close(plan.f_data, autodiff.f_data));
        assert_eq!(plan.gradients.len(), 8 + usize::from(energy.condition.is_some()));
        assert_eq!(autodiff.gradients.len(), plan.gradients.len());
        let largest = |tensor: Tensor<1>| tensor.abs().max().into_scalar::<f32>();
        let tolerance = |expected: &Tensor<1>| {
            Tolerance::<f32>::rel_abs(1e-4, 1e-4 * largest(expected.clone()) + 1e-7)
        };
        if let Some(condition) = &energy.condition {
            let id = condition.weight().id;
            let [given, expected] = [&plan, &autodiff]
                .map(|l| l.gradients.get::<4>(id).expect("registered").flatten::<1>(0, 3));
            let tolerance = tolerance(&expected);
            given.into_data().assert_approx_eq(&expected.into_data(), tolerance);
        }
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

    /// Moves the learned parameters along a direction that `key` draws, and adds up its product with their
    /// gradients.
    struct Move<'a> {
        key: Key,
        distance: f64,
        gradients: &'a GradientsParams,
        slope: f64,
    }

    impl ModuleMapper for Move<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(gradient) = self.gradients.get::<D>(param.id) else { return param };
            let shape = gradient.dims();
            let direction = self.key.fold(param.id.val()).normal(shape, &gradient.device());
            self.slope += f64::from((gradient * direction.clone()).sum().into_scalar::<f32>());
            param.map(|value| {
                let moved = value.without_autodiff() + direction * self.distance;
                moved.autodiff().require_grad()
            })
        }
    }

    /// The loss and its gradient along a line through the parameters of a residual network.
    #[test]
    fn gradient_matches_finite_differences() {
        let device = Device::flex().autodiff();
        let images = |key| Key::new(key).uniform::<4>([6, 1, 11, 11], &Device::flex());
        let (samples, data) = (images(1), images(2) * 0.5);
        for (spectral_norm, regulariser) in [(false, 0.0), (true, 0.0), (false, 0.1), (true, 0.1)] {
            let config = ResidualEnergyConfig { channels: vec![4, 6], blocks: 2, spectral_norm };
            let network = config.init([1, 11], Key::new(5), &device).expect("valid");
            let (samples, data) = (samples.clone(), data.clone());
            let contrast =
                Contrast { samples: samples.clone(), data: data.clone(), condition: None };
            let learning = network.learning(contrast, regulariser);
            // Weights and biases of the stem, eight convolutions and the head, and the skip's weight.
            assert_eq!(learning.gradients.len(), 2 * 10 + 1);
            let at = |distance: f64| {
                let (key, gradients) = (Key::new(8), &learning.gradients);
                let mut mover = Move { key, distance, gradients, slope: 0.0 };
                let moved = network.clone().map(&mut mover).valid();
                let [f_samples, f_data] = [&samples, &data].map(|x| {
                    let f = moved.negative_energy(x.clone()).into_data();
                    f.iter::<f64>().collect::<Vec<_>>()
                });
                let mean = |f: &[f64], power: i32| {
                    f.iter().map(|f| f.powi(power)).sum::<f64>() / f.len() as f64
                };
                let squares = mean(&f_samples, 2) + mean(&f_data, 2);
                (mean(&f_samples, 1) - mean(&f_data, 1) + regulariser * squares, mover.slope)
            };
            let h = 1e-3;
            let ((up, slope), (down, _)) = (at(h), at(-h));
            let difference = (up - down) / (2.0 * h);
            assert!(
                (difference - slope).abs() < 2e-3 * slope.abs().max(0.5),
                "{spectral_norm}, {regulariser}: {difference} and {slope}"
            );
        }
    }
}
