use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tolerance};
use ebm_noise::initialise;

use super::*;

fn convolution(channels: [usize; 2], device: &Device) -> Conv2d {
    initialise(Conv2dConfig::new(channels, [3, 3]).init(device), Key::new(1), 3.0)
}

/// The reference iterates to convergence, from another start than the estimate.
fn largest_singular_value(weight: Tensor<4>) -> f32 {
    let weight = matrix(weight.without_autodiff());
    let u = Key::new(9).normal([1, weight.dims()[0]], &weight.device());
    let u = (0..1000).fold(u, |u, _| step(weight.clone(), u));
    norm(u.matmul(weight)).into_scalar()
}

#[test]
fn the_largest_singular_value_is_one() {
    for channels in [[5, 7], [3, 64], [64, 64], [128, 64]] {
        let plain = convolution(channels, &Device::flex());
        let normal = normalise(plain.clone(), Key::new(2));
        let (before, after) = (
            largest_singular_value(plain.weight.val()),
            largest_singular_value(normal.weight.val()),
        );
        assert!(before > 10.0, "{channels:?}: {before}");
        // The result is never below 1, because the estimate is a lower bound.
        assert!((0.99999..1.002).contains(&after), "{channels:?}: {after}");
        // Only the length has changed.
        let tolerance = Tolerance::<f32>::rel_abs(2e-3, 1e-6);
        let scaled = normal.weight.val() * before;
        scaled.into_data().assert_approx_eq(&plain.weight.val().into_data(), tolerance);
    }
}

/// The vector follows a weight that changes, a step at a time, and nothing else does.
#[test]
fn the_estimate_follows_the_weight() {
    let device = Device::flex().autodiff();
    let mut layer = normalise(convolution([5, 7], &device), Key::new(2));
    let other = Key::new(5).normal::<4>([7, 5, 3, 3], &device.clone().without_autodiff());
    layer = layer.map(&mut Replace(other.clone()));
    let mut largest = vec![largest_singular_value(layer.weight.val())];
    for _ in 0..3 {
        for _ in 0..30 {
            layer = advance(layer);
        }
        largest.push(largest_singular_value(layer.weight.val()));
    }
    assert!(largest[0] > 1.1, "{largest:?}");
    assert!(largest.is_sorted_by(|a, b| a >= b), "{largest:?}");
    assert!((largest[3] - 1.0).abs() < 1e-2, "{largest:?}");
    let base = layer.weight.base();
    base.clone().without_autodiff().into_data().assert_eq(&other.into_data(), true);
    let u = &layer.weight.reparameterization::<SpectralNorm>().expect("attached").u;
    assert!(base.is_require_grad() && u.val().is_autodiff() && !u.val().is_require_grad());
}

/// The place where weights are read does not matter: only [`advance`] moves the vector.
#[test]
fn reading_changes_nothing_and_a_record_keeps_all() {
    let device = Device::flex().autodiff();
    let layer = advance(normalise(convolution([5, 7], &device), Key::new(2)));
    let value = layer.weight.val().into_data();
    layer.weight.val().into_data().assert_eq(&value, true);
    let other = normalise(convolution([5, 7], &device), Key::new(3));
    let loaded = other.load_record(layer.clone().into_record());
    loaded.weight.val().into_data().assert_eq(&value, true);
    advance(loaded)
        .weight
        .val()
        .into_data()
        .assert_eq(&advance(layer.clone()).weight.val().into_data(), true);
    let folded = layer.valid().materialize();
    assert!(folded.weight.reparameterization::<SpectralNorm>().is_none());
    folded.weight.val().into_data().assert_eq(&value, true);
}

struct Replace(Tensor<4>);

impl ModuleMapper for Replace {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D != 4 {
            return param;
        }
        let value = self.0.clone().reshape(param.base().dims());
        param.map(|_| value.autodiff().require_grad())
    }
}

/// Weights beyond the limit are scaled to it, others keep their bits, and so does the head.
#[test]
fn a_projection_scales_large_weights_down() {
    #[derive(Module, Debug)]
    struct Layers {
        large: Conv2d,
        small: Conv2d,
        head: Conv2d,
    }
    let device = Device::flex().autodiff();
    let layers = Layers {
        large: convolution([16, 24], &device),
        small: initialise(Conv2dConfig::new([3, 4], [3, 3]).init(&device), Key::new(2), 1e-3),
        head: convolution([5, 7], &device),
    };
    let projected = project(layers.clone(), 2.0);
    let sizes = [&layers.large, &projected.large].map(|l| largest_singular_value(l.weight.val()));
    assert!(sizes[0] > 10.0, "{sizes:?}");
    // The estimate is a lower bound.
    assert!((1.999..2.05).contains(&sizes[1]), "{sizes:?}");
    assert!(projected.large.weight.val().is_require_grad());
    for (before, after) in [(layers.small, projected.small), (layers.head, projected.head)] {
        after.weight.val().into_data().assert_eq(&before.weight.val().into_data(), true);
    }
}
