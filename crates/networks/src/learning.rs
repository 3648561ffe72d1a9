//! How an energy learns: the gradient of maximum likelihood.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::softplus;
use burn::tensor::{Device, Tensor, TensorData};
use ebm_score::WeightGradient;

use crate::{ConvEnergy, FrozenConvEnergy, ResidualEnergy};

/// The learning gradient of an energy, and the values that it came with.
#[derive(Debug)]
pub struct Learning {
    /// mean f(x̃) over samples of the model.
    pub f_samples: f64,
    /// mean f(x) over data.
    pub f_data: f64,
    /// mean log(1 + exp(f(x, c′) − f(x, c))) over data, if its weight is not 0; log 2 where c says nothing of x.
    pub condition_loss: Option<f64>,
    /// ∇θ[mean f(x̃, c) − mean f(x, c)] and, if asked for, of the other [terms](Terms); descent follows it.
    pub gradients: GradientsParams,
}

/// What is added to the loss mean f(x̃, c) − mean f(x, c); by default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// α of α·(mean f(x̃, c)² + mean f(x, c)²) (Du and Mordatch 2019, sec. 3.3).
    pub regulariser: f64,
    /// w of w·mean log(1 + exp(f(x, c′) − f(x, c))), where c′ is the condition of the next of the data: noise-contrastive
    /// estimation (Gutmann and Hyvärinen, AISTATS 2010; its form for conditions, Ma and Collins, EMNLP 2018) of
    /// log p(x, c)/(p(x)p(c)). Without it nothing fixes f(x, c) of one x between conditions. Of no effect without
    /// conditions.
    pub condition_weight: f64,
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
    pub fn learning(&self, contrast: Contrast, terms: Terms) -> Learning {
        match FrozenConvEnergy::new(self) {
            Some(frozen) => frozen.learning(self, contrast, terms),
            None => by_autodiff(self, Self::negative_energy, contrast, terms),
        }
    }
}

impl ResidualEnergy {
    /// As [`EnergyNetwork::learning`](crate::EnergyNetwork::learning).
    pub fn learning(&self, contrast: Contrast, terms: Terms) -> Learning {
        by_autodiff(self, |network, x, _| network.negative_energy(x), contrast, terms)
    }
}

pub(crate) fn by_autodiff<M: Module>(
    network: &M,
    f: impl Fn(&M, Tensor<4>, Option<Tensor<4>>) -> Tensor<1>,
    contrast: Contrast,
    terms: Terms,
) -> Learning {
    let Contrast { samples, data, condition } = contrast;
    let [f_samples, f_data] = [samples, data.clone()].map(|x| f(network, x, condition.clone()));
    let mut loss = f_samples.clone().mean() - f_data.clone().mean();
    if terms.regulariser > 0.0 {
        let square = |f: &Tensor<1>| f.clone().powi_scalar(2).mean();
        loss = loss + (square(&f_samples) + square(&f_data)) * terms.regulariser;
    }
    let condition = condition.filter(|_| terms.condition_weight > 0.0);
    let told_apart = condition.map(|c| {
        let f_next = f(network, data, Some(c.roll_dim(-1, 0)));
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
    /// As [`ConvEnergy::learning`], for the energy that this was made of.
    pub(crate) fn learning(
        mut self,
        energy: &ConvEnergy,
        contrast: Contrast,
        terms: Terms,
    ) -> Learning {
        let Contrast { samples, data, condition } = contrast;
        let device = samples.device().without_autodiff();
        let [of_samples, of_data] = [&samples, &data].map(|x| x.dims()[0]);
        let mut sets = vec![samples, data.clone()];
        // The plan knows what c adds, not its weights: they learn from the gradient of what they add.
        let added = energy.added(condition).map(|(layer, sums)| {
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
            self = self.hold(*layer, &ebm_tensor::values(sums.clone()));
        }
        // Data that are given the next one's condition: as many as the data, or none.
        let given_next = if sets.len() > 2 { of_data } else { 0 };
        let x: Vec<f32> = sets.into_iter().flat_map(ebm_tensor::values).collect();
        // The plan's value is U = −f.
        let weight = |count: usize| 1.0 / count as f32;
        let mut coefficients = vec![-weight(of_samples); of_samples];
        coefficients.resize(of_samples + of_data, weight(of_data));
        coefficients.resize(of_samples + of_data + given_next, 0.0);
        let mut values = vec![0.0; coefficients.len()];
        let mut condition_loss = None;
        if terms.regulariser > 0.0 || given_next > 0 {
            // The derivatives of what is added with respect to U, which must be known before its gradient.
            self.plan().value(&x, self.addend(), &mut values);
            for (coefficient, &u) in coefficients.iter_mut().zip(&values) {
                *coefficient += 2.0 * terms.regulariser as f32 * u * coefficient.abs();
            }
            let (own, next) = values[of_samples..].split_at(of_data);
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
        let gradient = self.plan().weight_gradient(&x, self.addend(), &coefficients, &mut values);
        let mean = |u: &[f32]| -u.iter().map(|&u| f64::from(u)).sum::<f64>() / u.len() as f64;
        Learning {
            f_samples: mean(&values[..of_samples]),
            f_data: mean(&values[of_samples..][..of_data]),
            condition_loss,
            gradients: gradients(energy, gradient, added, &device),
        }
    }
}

/// The gradients of a network's parameters, from those of its plan and of what its condition added to a layer.
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
    // The plan's head is minus the sum of the head's outputs, so each of them has its gradient, negated.
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

/// log(1 + eˣ) and its derivative, for any x.
fn softplus_and_slope(x: f32) -> [f32; 2] {
    let e = (-x.abs()).exp();
    [x.max(0.0) + e.ln_1p(), if x > 0.0 { 1.0 } else { e } / (1.0 + e)]
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleMapper, Param};
    use burn::optim::AdamConfig;
    use burn::tensor::{Device, Tolerance};
    use ebm_energy::Energy;
    use ebm_layers::ConditionConfig;
    use ebm_noise::Key;

    use super::*;
    use crate::frozen::tests::distance_to_jump;
    use crate::{ConvEnergyConfig, EnergyNetwork, ResidualEnergyConfig};

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
            let terms = Terms { regulariser, condition_weight: 1.0 };
            compare(&energy, Contrast { samples, data, condition: None }, terms);
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
            for (regulariser, condition_weight) in [(0.1, 0.0), (0.0, 2.0), (0.1, 2.0)] {
                let (samples, data) = (samples.clone(), data.clone());
                let contrast = Contrast { samples, data, condition: Some(condition.clone()) };
                compare(&energy, contrast, Terms { regulariser, condition_weight });
            }

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

    /// The term of conditions alone: from log 2, where f is the same for all, to nearly 0 where c says which half of an
    /// image is bright.
    #[test]
    fn conditions_are_told_apart() {
        let device = Device::flex();
        let rows = Tensor::<1, burn::tensor::Int>::arange(0..12, &device).float();
        let upper = (rows.lower_elem(6.0).float() * 2.0 - 1.0).reshape([1, 1, 12, 1]);
        let upper = upper.repeat_dim(3, 12);
        let data = Tensor::cat(vec![upper.clone(), upper.neg()], 0).repeat_dim(0, 4);
        let classes = Tensor::<1>::from_data([1.0, 0.0, 0.0, 1.0], &device).reshape([2, 2, 1, 1]);
        let condition = Some(classes.repeat_dim(0, 4));
        let config = ConvEnergyConfig {
            condition: Some(ConditionConfig { layer: 1, embedding: false }),
            ..ConvEnergyConfig::mnist()
        };
        let image = ([1, 12], Some([2, 1]));
        let energy = config.init_conditional(image.0, image.1, Key::new(3), &device.autodiff());
        let mut network = EnergyNetwork::Conv(energy.expect("valid"));
        let mut adam = AdamConfig::new().init();
        let mut losses = Vec::new();
        for _ in 0..30 {
            let (samples, data) = (data.clone(), data.clone());
            let contrast = Contrast { samples, data, condition: condition.clone() };
            let terms = Terms { regulariser: 0.0, condition_weight: 1.0 };
            let learning = network.learning(contrast, terms);
            losses.push(learning.condition_loss.expect("there are conditions"));
            network = network.descend(&mut adam, 0.003, learning.gradients);
        }
        assert!((losses[0] - std::f64::consts::LN_2).abs() < 0.05, "{losses:?}");
        assert!(losses[29] < 0.02, "{losses:?}");
    }

    #[test]
    fn softplus_is_finite_everywhere() {
        for x in [-1e30_f32, -50.0, -1.0, 0.0, 1.0, 50.0, 1e30] {
            let [value, slope] = softplus_and_slope(x);
            let wide = f64::from(x);
            let (log, sigmoid) =
                (wide.max(0.0) + (-wide.abs()).exp().ln_1p(), 1.0 / (1.0 + (-wide).exp()));
            assert!((f64::from(value) - log).abs() <= 1e-6 * log.max(1.0), "{x}: {value}");
            assert!((f64::from(slope) - sigmoid).abs() < 1e-6, "{x}: {slope}");
        }
    }

    fn compare(energy: &ConvEnergy, contrast: Contrast, terms: Terms) {
        let wanted = terms.condition_weight > 0.0 && contrast.condition.is_some();
        let plan = energy.learning(contrast.clone(), terms);
        let autodiff = by_autodiff(energy, ConvEnergy::negative_energy, contrast, terms);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-4 * b.abs().max(1.0);
        assert_eq!([&plan, &autodiff].map(|l| l.condition_loss.is_some()), [wanted; 2]);
        let [a, b] = [&plan, &autodiff].map(|l| l.condition_loss.unwrap_or_default());
        assert!(close(a, b), "{a} and {b}");
        assert!(close(plan.f_samples, autodiff.f_samples) && close(plan.f_data, autodiff.f_data));
        assert_eq!(plan.gradients.len(), 8 + usize::from(energy.condition.is_some()));
        assert_eq!(autodiff.gradients.len(), plan.gradients.len());
        let largest = |tensor: Tensor<1>| tensor.abs().max().into_scalar::<f32>();
        // Coefficients of order 1 cancel in the head's bias, but for rounding.
        let tolerance = |expected: &Tensor<1>| {
            Tolerance::<f32>::rel_abs(1e-4, 1e-4 * largest(expected.clone()) + 5e-7)
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
            let terms = Terms { regulariser, ..Terms::default() };
            let learning = network.learning(contrast, terms);
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
