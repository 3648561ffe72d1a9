use burn::optim::{AdamConfig, GradientsParams};

use super::*;

fn vae(device: &Device) -> Vae {
    VaeConfig::mnist()
        .init(ImageShape::new(1, 28), Key::new(3), device)
        .expect("the networks are valid")
}

#[test]
fn released_parameter_counts() {
    let device = Device::flex();
    let mnist = vae(&device);
    assert_eq!(mnist.encoder.num_params(), 759_688);
    assert_eq!(mnist.decoder.num_params(), 779_713);
    let cifar =
        VaeConfig::cifar().init(ImageShape::new(3, 32), Key::new(3), &device).expect("valid");
    assert_eq!(cifar.encoder.num_params(), 4_393_800);
    assert_eq!(cifar.decoder.num_params(), 1_104_515);
    let x = cifar.decode(Key::new(1).normal([2, 100], &device), None);
    assert_eq!(x.dims(), [2, 3, 32, 32]);
    assert_eq!(cifar.encode(x, None, Key::new(2)).mean.dims(), [2, 100]);
}

/// The loss against its definition: sums over pixels and latents, means over images.
#[test]
fn the_loss_is_the_weighted_sum_of_its_parts() {
    let device = Device::flex();
    let vae = vae(&device);
    let (x, key) = (Key::new(5).uniform::<4>([3, 1, 28, 28], &device), Key::new(6));
    let loss = vae.loss(x.clone(), None, 3.0, key);
    let posterior = vae.encode(x.clone(), None, key.fold(0));
    let decoded = vae.decode(posterior.sample(key.fold(1)), None);
    let numbers = |tensor: Tensor<4>| -> Vec<f64> { tensor.into_data().iter::<f64>().collect() };
    let squares =
        numbers(decoded).iter().zip(numbers(x)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let kl = posterior.kl().into_data().iter::<f64>().sum::<f64>() / 3.0;
    let value = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
    assert!((value(loss.reconstruction) - squares / 3.0).abs() < 1e-3 * squares / 3.0);
    assert!((value(loss.kl) - kl).abs() < 1e-6 + 1e-4 * kl);
    assert!((value(loss.total) - (squares / 3.0 + 3.0 * kl)).abs() < 1e-3 * squares / 3.0);
}

/// For a σ far above every error, a pixel takes the bits of a bin under a flat Gaussian; where σ²
/// is the mean squared error of the decoder, log₂(σ·√(2πe)/bin) and the bits of the code.
#[test]
fn bits_of_known_misfits() {
    let device = Device::flex();
    let vae = vae(&device);
    let images = Key::new(5).uniform::<4>([3, 1, 28, 28], &device);
    let bits = |std| -> Vec<f64> {
        vae.bits_per_dim(images.clone(), None, std, Key::new(6)).into_data().iter::<f64>().collect()
    };
    let flat = (TAU.sqrt() * 1e4 * 127.5).log2();
    assert!(bits(1e4).iter().all(|bits| (bits - flat).abs() < 1e-3), "{:?}", bits(1e4));

    let loss = vae.loss(images.clone(), None, 1.0, Key::new(6));
    let [error, kl] =
        [loss.reconstruction, loss.kl].map(|part| f64::from(part.into_scalar::<f32>()) / 784.0);
    let std = error.sqrt();
    let expected = ((TAU * std::f64::consts::E).sqrt() * std * 127.5).log2() + kl / LN_2;
    let mean = bits(std).iter().sum::<f64>() / 3.0;
    assert!((mean - expected).abs() < 1e-2, "{mean}, not {expected}");
}

/// Images of the released decoder have the released size and range.
#[test]
fn decoded_images_have_the_released_size() {
    let device = Device::flex();
    let z = Key::new(1).normal::<2>([3, 100], &device);
    let x = vae(&device).decode(z, None);
    assert_eq!(x.dims(), [3, 1, 28, 28]);
    let largest: f32 = x.abs().max().into_scalar();
    assert!(largest <= 1.0);
}

/// One transposed convolution against its definition, y[s·i + k] += x[i]·w[k], cropped at the end.
#[test]
fn cropping_follows_tensorflow() {
    let device = Device::flex();
    let config = DecoderConfig {
        layers: vec![
            crate::UpLayer { channels: 1, kernel: 2, stride: 1, size: 2, norm: false },
            crate::UpLayer { channels: 1, kernel: 3, stride: 2, size: 4, norm: false },
        ],
        slope: 0.0,
        ..DecoderConfig::mnist()
    };
    let decoder = initialise(
        config.init(ImageShape::new(1, 4), 1, None, &device).expect("valid"),
        Key::new(8),
        1.0,
    );
    let image = decoder.forward(Tensor::ones([1, 1], &device), None);
    let record = |i: usize| -> Vec<f32> { decoder.weight(i).into_data().iter::<f32>().collect() };
    let (small, kernel) = (record(0), record(1));
    let mut expected = [[0.0_f32; 5]; 5];
    for (index, value) in small.iter().enumerate() {
        for (tap, weight) in kernel.iter().enumerate() {
            expected[2 * (index / 2) + tap / 3][2 * (index % 2) + tap % 3] +=
                value.max(0.0) * weight;
        }
    }
    let image: Vec<f32> = image.into_data().iter::<f32>().collect();
    for (i, pixel) in image.iter().enumerate() {
        assert!((pixel - expected[i / 4][i % 4].tanh()).abs() < 1e-6, "pixel {i}");
    }
}

/// Steps on a fixed batch lower the loss measured with fixed noise.
#[test]
fn training_lowers_the_negative_elbo_of_a_fixed_batch() {
    let device = Device::flex().autodiff();
    let mut vae = vae(&device);
    let x = Key::new(5).uniform::<4>([8, 1, 28, 28], &device.clone().without_autodiff());
    let loss = |vae: &Vae| -> f32 {
        vae.valid().loss(x.clone(), None, 3.0, Key::new(0)).total.into_scalar()
    };
    let before = loss(&vae);
    let mut adam = AdamConfig::new().with_beta_1(0.5).with_epsilon(1e-8).init();
    for step in 0..5 {
        let gradients = vae.loss(x.clone(), None, 3.0, Key::new(1).fold(step)).total.backward();
        let gradients = GradientsParams::from_grads(gradients, &vae);
        vae = adam.step(1e-3, vae, gradients);
    }
    let after = loss(&vae);
    assert!(after < 0.95 * before, "before {before}, after {after}");
}

/// Encoder and decoder depend on the condition.
#[test]
fn conditions_matter() {
    let device = Device::flex();
    let class = Condition::one_hot(&[0, 1], 2, &device);
    let images = Condition::Image(Key::new(7).uniform([2, 2, 28, 28], &device));
    let decoder = DecoderConfig {
        layers: vec![
            crate::UpLayer { channels: 6, kernel: 7, stride: 1, size: 7, norm: true },
            crate::UpLayer { channels: 4, kernel: 4, stride: 2, size: 14, norm: true },
            crate::UpLayer { channels: 1, kernel: 4, stride: 2, size: 28, norm: false },
        ],
        slope: 0.0,
        resnet: None,
        condition_channels: 5,
    };
    let shape_of_x = ImageShape::new(1, 28);
    let config = VaeConfig { decoder, latent: 3, init_std: 0.1, ..VaeConfig::mnist() };
    for condition in [class, images] {
        // Shifting two conditions swaps them.
        let (shape, swapped) = (Some(condition.shape()), condition.clone().shift());
        let vae = config.init_conditional(shape_of_x, shape, Key::new(3), &device);
        let vae = vae.expect("valid");
        let z = Key::new(1).normal::<2>([2, 3], &device);
        let x = vae.decode(z.clone(), Some(&condition));
        assert_eq!(x.dims(), [2, 1, 28, 28]);
        let other = vae.decode(z, Some(&swapped));
        assert!((x.clone() - other).abs().max().into_scalar::<f32>() > 1e-3);
        let mean = |condition| vae.encode(x.clone(), Some(condition), Key::new(2)).mean;
        let difference = mean(&condition) - mean(&swapped);
        assert!(difference.abs().max().into_scalar::<f32>() > 1e-4);
    }
    let mut config = config;
    let layer = |channels, kernel, stride, size| crate::UpLayer {
        channels,
        kernel,
        stride,
        size,
        norm: false,
    };
    config.decoder.layers = vec![layer(6, 5, 1, 5), layer(1, 8, 5, 28)];
    let error = config
        .init_conditional(shape_of_x, Some(ConditionShape::Image(shape_of_x)), Key::new(3), &device)
        .expect_err("5 is not 28, halved");
    assert!(error.to_string().starts_with("decoder.layers[0].size is 5"), "{error}");
}
