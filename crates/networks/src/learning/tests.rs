use burn::module::{ModuleMapper, Param};
use burn::optim::AdamConfig;
use burn::tensor::{Device, Tolerance};
use ebm_energy::Energy;
use ebm_layers::ConditionConfig;
use ebm_noise::Key;
use ebm_tensor::ImageShape;

use super::*;
use crate::testing::distance_to_jump;
use crate::{ConvEnergyConfig, EnergyNetwork, ResidualEnergyConfig};

/// Compares the gradient of every parameter from the plan with that of autodiff.
#[test]
fn plan_and_autodiff_agree() {
    agree_with_a_bend_of(0.0);
}

/// The same where activations bend.
#[test]
fn plan_and_autodiff_agree_on_smooth_networks() {
    agree_with_a_bend_of(0.05);
    agree_with_a_bend_of(0.5);
}

fn agree_with_a_bend_of(bend: f64) {
    let device = Device::flex().autodiff();
    let config = ConvEnergyConfig { init_std: 0.05, bend, ..ConvEnergyConfig::mnist() };
    let energy = config.init(ImageShape::new(1, 28), Key::new(5), &device).expect("valid");
    // The gradient jumps where an activation changes its sign: rounding must not decide that sign.
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
        compare(&energy, Contrast { samples, data: data.into() }, terms);
    }
}

/// Tests the same for a conditional network, with every form of condition.
#[test]
fn plan_and_autodiff_agree_given_a_condition() {
    let device = Device::flex();
    let images = |key| Key::new(key).uniform::<4>([12, 1, 12, 12], &device) * 2.0 - 1.0;
    let labels: Vec<u8> = (0..12).map(|i| i % 4).collect();
    let classes = Condition::one_hot(&labels, 4, &device);
    for (layer, embedding, condition) in
        [(0, false, Condition::Image(images(3))), (1, false, classes.clone()), (2, true, classes)]
    {
        let config = ConvEnergyConfig {
            init_std: 0.05,
            condition: Some(ConditionConfig { layer, embedding }),
            ..ConvEnergyConfig::mnist()
        };
        let (image, key) = (ImageShape::new(1, 12), Key::new(5));
        let energy = config
            .init_conditional(image, Some(condition.shape()), key, &device.clone().autodiff())
            .expect("valid");
        let (samples, data) = (images(1), images(2));
        for (regulariser, condition_weight) in [(0.1, 0.0), (0.0, 2.0), (0.1, 2.0)] {
            let (samples, data) = (samples.clone(), data.clone());
            let data = Examples::new(data, Some(condition.clone()));
            let contrast = Contrast { samples, data };
            compare(&energy, contrast, Terms { regulariser, condition_weight });
        }

        // The same holds for the energy of the chain, on which the condition has an effect.
        let network = EnergyNetwork::Conv(energy.valid());
        let given = network.clone().given(Some(condition));
        let (value, score) = given.energy_and_gradient(images(1));
        let (frozen, frozen_score) = given.freeze().expect("flex").energy_and_gradient(images(1));
        let largest = score.clone().abs().max().into_scalar::<f32>();
        let close = Tolerance::<f32>::rel_abs(1e-4, 1e-4 * largest);
        frozen.into_data().assert_approx_eq(&value.clone().into_data(), close);
        frozen_score.into_data().assert_approx_eq(&score.into_data(), close);
        let without = network.given(None).energy(images(1));
        assert!((value - without).abs().min().into_scalar::<f32>() > 1e-6, "layer {layer}");
    }
}

/// The term of conditions alone: from log 2, where f is the same for all, to nearly 0 where c says
/// which half of an image is bright.
#[test]
fn conditions_are_told_apart() {
    let device = Device::flex();
    let rows = Tensor::<1, burn::tensor::Int>::arange(0..12, &device).float();
    let upper = (rows.lower_elem(6.0).float() * 2.0 - 1.0).reshape([1, 1, 12, 1]);
    let upper = upper.repeat_dim(3, 12);
    let data = Tensor::cat(vec![upper.clone(), upper.neg()], 0).repeat_dim(0, 4);
    let condition = Condition::one_hot(&[0, 1, 0, 1, 0, 1, 0, 1], 2, &device);
    let config = ConvEnergyConfig {
        condition: Some(ConditionConfig { layer: 1, embedding: false }),
        ..ConvEnergyConfig::mnist()
    };
    let (image, shape) = (ImageShape::new(1, 12), Some(condition.shape()));
    let energy = config.init_conditional(image, shape, Key::new(3), &device.autodiff());
    let mut network = EnergyNetwork::Conv(energy.expect("valid"));
    let mut adam = AdamConfig::new().init();
    let mut losses = Vec::new();
    for _ in 0..30 {
        let samples = data.clone();
        let data = Examples::new(data.clone(), Some(condition.clone()));
        let contrast = Contrast { samples, data };
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
    let wanted = terms.condition_weight > 0.0 && contrast.data.condition.is_some();
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
        let weights = [&plan, &autodiff]
            .map(|l| l.gradients.get::<4>(layer.weight.id).expect("registered").flatten::<1>(0, 3));
        let biases = [&plan, &autodiff].map(|l| l.gradients.get::<1>(bias).expect("registered"));
        for [given, expected] in [weights, biases] {
            let tolerance = tolerance(&expected);
            assert_eq!(given.dims(), expected.dims(), "layer {index}");
            given.into_data().assert_approx_eq(&expected.into_data(), tolerance);
        }
    }
}

/// Moves the learned parameters along a direction that `key` draws, and adds up its product with
/// their gradients.
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
        let network = config.init(ImageShape::new(1, 11), Key::new(5), &device).expect("valid");
        let (samples, data) = (samples.clone(), data.clone());
        let contrast = Contrast { samples: samples.clone(), data: data.clone().into() };
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
