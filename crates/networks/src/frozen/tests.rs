use burn::module::Module;
use burn::tensor::Device;
use ebm_energy::{Energy, FnEnergy, GaussianReference};
use ebm_layers::ConvLayer;
use ebm_noise::Key;
use ebm_tensor::ImageShape;
use proptest::prelude::*;

use super::*;
use crate::ConvEnergyConfig;
use crate::testing::distance_to_jump;

fn conv(channels: usize, kernel: usize, stride: usize) -> ConvLayer {
    ConvLayer { channels, kernel, stride }
}

/// The wide initialisation makes every layer matter.
fn network(config: ConvEnergyConfig, image: ImageShape) -> ConvEnergy {
    let config = ConvEnergyConfig { init_std: 0.05, ..config };
    config.init(image, Key::new(5), &Device::flex()).expect("the network is valid").valid()
}

fn released(name: &str) -> (ConvEnergy, ImageShape) {
    let (config, image) = match name {
        "mnist" => (ConvEnergyConfig::mnist(), ImageShape::new(1, 28)),
        "cifar" => (ConvEnergyConfig::cifar(), ImageShape::new(3, 32)),
        _ => {
            let layers = vec![conv(16, 5, 2), conv(32, 4, 2), conv(64, 4, 2), conv(256, 4, 4)];
            (ConvEnergyConfig { layers, ..ConvEnergyConfig::mnist() }, ImageShape::new(1, 28))
        }
    };
    (network(config, image), image)
}

/// Largest errors of values, relative to the largest (or to Σ|xᵢ·∂ᵢU|, where terms cancel), and of
/// scores, relative to the sample's largest; and the share of the scores that were compared: those
/// farther than `jump` from a jump.
fn errors(network: &ConvEnergy, image: ImageShape, batch: usize, jump: f32) -> [f32; 3] {
    let x = Key::new(7).uniform::<4>(image.batch(batch), &Device::flex()) * 2.0 - 1.0;
    let frozen = network.freeze().expect("flex is a CPU");
    let smooth = distance_to_jump(network, x.clone());
    let (value, score) = network.energy_and_gradient(x.clone());
    let (frozen_value, frozen_score) = frozen.energy_and_gradient(x.clone());
    assert_eq!(values(frozen.energy(x.clone())), values(frozen_value.clone()), "value alone");
    let pixels = image.len();
    let terms = (x.clone() * score.clone()).abs().flatten::<2>(1, 3).sum_dim(1);
    let terms = terms.max().into_scalar::<f32>();
    let relative = |given: &[f32], expected: &[f32], least: f32| {
        let largest = expected.iter().fold(least, |most, e| most.max(e.abs()));
        given.iter().zip(expected).fold(0.0_f32, |worst, (given, expected)| {
            let error = (given - expected).abs() / largest;
            if error.is_nan() { f32::INFINITY } else { worst.max(error) }
        })
    };
    let mut worst = [relative(&values(frozen_value), &values(value), terms), 0.0, 0.0];
    let (score, frozen_score) = (values(score), values(frozen_score));
    let scores = frozen_score.chunks(pixels).zip(score.chunks(pixels)).zip(smooth);
    for ((given, expected), _) in scores.filter(|(_, smooth)| *smooth > jump) {
        worst[1] = worst[1].max(relative(given, expected, f32::MIN_POSITIVE));
        worst[2] += 1.0 / batch as f32;
    }
    worst
}

fn agrees(name: &str, batch: usize) {
    let (network, image) = released(name);
    let [value, score, compared] = errors(&network, image, batch, 1e-6);
    assert!(
        value < 1e-4 && score < 1e-4 && compared > 0.3,
        "{name} × {batch}: value {value:e}, score {score:e}, {compared} of the scores compared"
    );
}

#[test]
fn released_networks_equal_autodiff() {
    for name in ["digits", "mnist", "cifar"] {
        agrees(name, 1);
        agrees(name, 17);
    }
}

#[test]
fn large_batches_equal_autodiff() {
    agrees("digits", 400);
    agrees("mnist", 400);
    agrees("cifar", 400);
}

/// Adapters prepare the energy inside, and return `None` if it cannot be prepared.
#[test]
fn wrappers_freeze_what_they_wrap() {
    let (network, _) = released("digits");
    let x = Key::new(1).uniform::<4>([5, 1, 28, 28], &Device::flex());
    let model = GaussianReference::new(&network, 0.5);
    let (value, score) = model.energy_and_gradient(x.clone());
    let (frozen, frozen_score) = model.freeze().expect("flex").energy_and_gradient(x);
    let tolerance = burn::tensor::Tolerance::<f32>::rel_abs(1e-4, 1e-4);
    frozen.into_data().assert_approx_eq(&value.into_data(), tolerance);
    frozen_score.into_data().assert_approx_eq(&score.into_data(), tolerance);
    let closure = FnEnergy::new(|x: Tensor<2>| x.sum_dim(1).squeeze_dim::<1>(1));
    assert!(GaussianReference::new(closure, 0.5).freeze().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_network_equals_autodiff(
        channels in 1usize..4,
        size in 2usize..21,
        layers in prop::collection::vec((1usize..40, 1usize..6, 1usize..4), 1..4),
        batch in 1usize..6,
    ) {
        let layers = layers.into_iter().map(|(c, k, s)| conv(c, k, s)).collect();
        let config = ConvEnergyConfig { layers, outputs: 3, ..ConvEnergyConfig::mnist() };
        let image = ImageShape::new(channels, size);
        let network = network(config, image);
        let [value, score, _] = errors(&network, image, batch, 1e-5);
        prop_assert!(value < 1e-4 && score < 1e-4, "value {:e}, score {:e}", value, score);
    }
}
