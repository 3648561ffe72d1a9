use burn::module::{ModuleMapper, Param};
use burn::tensor::Tolerance;
use proptest::prelude::*;

use super::*;

fn config(channels: &[usize], blocks: usize, spectral_norm: bool) -> ResidualEnergyConfig {
    ResidualEnergyConfig { channels: channels.into(), blocks, spectral_norm }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn images(key: u64, image: ImageShape, batch: usize) -> Tensor<4> {
    Key::new(key).uniform::<4>(image.batch(batch), &Device::flex()) * 2.0 - 1.0
}

/// Counted by hand: c·c'·k² + c' for every convolution (without the bias for the skip), c + 1 for
/// the head.
#[test]
fn parameter_count() {
    let device = Device::flex();
    let count = |norm| {
        let network = config(&[8, 16], 2, norm).init(ImageShape::new(3, 32), Key::new(1), &device);
        network.expect("valid").num_params()
    };
    let conv = |below: usize, channels: usize| 9 * below * channels + channels;
    let weights = conv(3, 8) + 4 * conv(8, 8) + conv(8, 16) + 3 * conv(16, 16) + 8 * 16 + 16 + 1;
    assert_eq!(count(false), weights);
    // Each weight has a vector as long as its output, and that of the head is as long as its input.
    assert_eq!(count(true), weights + 5 * 8 + 5 * 16 + 16);
}

/// f of an untrained network varies between images, with a variance of order one, at any depth.
#[test]
fn it_starts_tame() {
    for (image, channels, blocks) in
        [([1, 28], vec![16, 32], 1), ([3, 32], vec![8, 8, 8], 4), ([3, 16], vec![8], 20)]
    {
        let image = ImageShape::from(image);
        for norm in [false, true] {
            let network = config(&channels, blocks, norm)
                .init(image, Key::new(3), &Device::flex())
                .expect("valid");
            let f = numbers(network.negative_energy(images(1, image, 8)));
            let mean = f.iter().sum::<f64>() / 8.0;
            let variance = f.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / 8.0;
            assert!(variance > 1e-6, "{image:?}, {channels:?}, {norm}: variance {variance}");
            assert!(f.iter().all(|f| f.abs() < 1e3), "{image:?}, {channels:?}, {norm}: {f:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Odd sizes are covered too, down to a single pixel.
    #[test]
    fn gradient_matches_finite_differences(
        channels in 1usize..4,
        size in prop_oneof![1usize..12, Just(28), Just(32)],
        stages in prop::collection::vec(1usize..7, 1..4),
        blocks in 1usize..3,
        spectral_norm: bool,
    ) {
        let image = ImageShape::new(channels, size);
        let network = config(&stages, blocks, spectral_norm)
            .init(image, Key::new(5), &Device::flex())
            .expect("valid");
        let x = images(2, image, 3);
        let direction = Key::new(3).normal::<4>(x.dims(), &Device::flex());
        let (value, gradient) = network.energy_and_gradient(x.clone());
        let slope = (gradient.clone() * direction.clone()).flatten::<2>(1, 3).sum_dim(1);
        let h = 1e-2;
        let at = |h: f64| numbers(network.energy(x.clone() + direction.clone() * h));
        for ((slope, up), down) in numbers(slope).iter().zip(at(h)).zip(at(-h)) {
            let difference = (up - down) / (2.0 * h);
            let tolerance = 2e-2 * slope.abs().max(0.1) + 1e-5 * up.abs() / h;
            prop_assert!((slope - difference).abs() < tolerance, "{slope} and {difference}");
        }
        // A frozen network is the same one.
        if let Some(frozen) = Energy::freeze(&network) {
            let (frozen_value, frozen_gradient) = frozen.energy_and_gradient(x);
            let tolerance = Tolerance::<f32>::rel_abs(1e-5, 1e-5);
            frozen_value.into_data().assert_approx_eq(&value.into_data(), tolerance);
            frozen_gradient.into_data().assert_approx_eq(&gradient.into_data(), tolerance);
        }
    }
}

/// Pooling an odd image leaves no pixel out.
#[test]
fn every_pixel_counts() {
    const IMAGE: ImageShape = ImageShape::new(1, 7);
    let network =
        config(&[4, 4, 4], 1, false).init(IMAGE, Key::new(5), &Device::flex()).expect("valid");
    let (_, gradient) = network.energy_and_gradient(images(2, IMAGE, 1));
    assert!(numbers(gradient).iter().all(|slope| slope.abs() > 1e-6));
}

struct Scale(f64);

impl ModuleMapper for Scale {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D == 4 { param.map(|weight| weight * self.0) } else { param }
    }
}

/// Larger weights leave f as it was, and no steeper than the norms of the layers allow. Silu's
/// slope is at most 1.1, a convolution's norm at most its side, that of a mean of four ½, and that
/// of a sum over n pixels √n.
#[test]
fn spectral_norm_bounds_the_slope() {
    let (image, device) = (ImageShape::new(1, 8), Device::flex());
    let network = |norm| config(&[6, 6], 2, norm).init(image, Key::new(5), &device).expect("ok");
    let x = images(2, image, 10);
    let steepest = |network: &ResidualEnergy| {
        let (_, gradient) = network.energy_and_gradient(x.clone());
        let squares = gradient.powi_scalar(2).flatten::<2>(1, 3).sum_dim(1);
        squares.sqrt().max().into_scalar::<f32>()
    };
    let block = 1.0 + 0.5 * 3.0 * 1.1 * 3.0;
    let bound = 3.0 * f32::powi(block, 4) * 0.5 * 1.1 * 4.0;
    let normal = network(true);
    let wide = network(true).map(&mut Scale(100.0));
    assert!(steepest(&wide) < bound, "{} and {bound}", steepest(&wide));
    assert!(steepest(&network(false).map(&mut Scale(100.0))) > bound);
    let tolerance = Tolerance::<f32>::rel_abs(1e-4, 1e-4);
    let [f, wide] = [normal, wide].map(|network| network.negative_energy(x.clone()));
    wide.into_data().assert_approx_eq(&f.into_data(), tolerance);
}

#[test]
fn impossible_configurations_are_named() {
    let device = Device::flex();
    for (config, message) in [
        (config(&[], 1, false), "channels is empty; at least one layer is needed"),
        (config(&[8, 0], 1, false), "channels[1] is 0; it must be in 1..=16384"),
        (config(&[8], 0, true), "blocks is 0; it must be in 1..=16384"),
        (config(&[16_384], 9, true), "channels[0] has"),
    ] {
        let error = config.init(ImageShape::new(1, 28), Key::new(1), &device).expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}");
    }
}
