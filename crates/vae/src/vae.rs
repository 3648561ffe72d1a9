//! The auto-encoder and its loss, the weighted negative ELBO.

use std::f64::consts::{LN_2, TAU};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ebm_energy::squared_norm;
use ebm_layers::NetworkError;
use ebm_noise::{Key, initialise};
use ebm_tensor::{Condition, ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Decoder, DecoderConfig, Encoder, EncoderConfig, Posterior};

/// The width of one of 256 levels in [−1, 1].
const BIN: f64 = 2.0 / 255.0;

/// The networks of a [`Vae`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VaeConfig {
    /// Latent dimensions.
    pub latent: usize,
    /// Standard deviation of the initial convolution weights.
    pub init_std: f64,
    /// q_α(z|x).
    pub encoder: EncoderConfig,
    /// g_φ(z).
    pub decoder: DecoderConfig,
}

impl VaeConfig {
    /// The released networks for MNIST and Fashion-MNIST.
    pub fn mnist() -> Self {
        Self {
            latent: 100,
            init_std: 0.005,
            encoder: EncoderConfig::mnist(),
            decoder: DecoderConfig::mnist(),
        }
    }

    /// The released networks for CIFAR-10.
    pub fn cifar() -> Self {
        Self { encoder: EncoderConfig::cifar(), decoder: DecoderConfig::cifar(), ..Self::mnist() }
    }

    /// Checks all numbers that do not depend on the images.
    ///
    /// # Errors
    /// The first field that no network can be built with.
    pub fn validate(&self) -> Result<(), NetworkError> {
        NetworkError::check_count("latent", self.latent)?;
        NetworkError::check_range(
            "init_std",
            self.init_std,
            self.init_std > 0.0 && self.init_std.is_finite(),
            "positive and finite",
        )?;
        self.encoder.validate().map_err(|error| error.within("encoder"))?;
        self.decoder.check_latent(self.latent)?;
        self.decoder.validate(self.latent).map_err(|error| error.within("decoder"))
    }

    /// Returns the networks q(z|x) and g(z) for images of a given shape, drawn from `key`.
    ///
    /// # Errors
    /// As [`validate`](Self::validate), or networks that do not fit the images.
    pub fn init(&self, image: ImageShape, key: Key, device: &Device) -> Result<Vae, NetworkError> {
        self.init_conditional(image, None, key, device)
    }

    /// Returns the networks q(z|x, c) and g(z, c) for images and conditions of given shapes; without a condition, as
    /// [`init`](Self::init).
    ///
    /// # Errors
    /// As [`init`](Self::init), or a condition that does not fit.
    pub fn init_conditional(
        &self,
        image: ImageShape,
        condition: Option<ConditionShape>,
        key: Key,
        device: &Device,
    ) -> Result<Vae, NetworkError> {
        self.validate()?;
        NetworkError::check_image(image)?;
        let of_encoder = |error: NetworkError| error.within("encoder");
        let of_decoder = |error: NetworkError| error.within("decoder");
        self.encoder.check_image(image, self.latent).map_err(of_encoder)?;
        self.decoder.check_image(image).map_err(of_decoder)?;
        let encoder = self.encoder.init(image, condition, self.latent, device);
        let decoder = self.decoder.init(image, self.latent, condition, device);
        let vae =
            Vae { encoder: encoder.map_err(of_encoder)?, decoder: decoder.map_err(of_decoder)? };
        Ok(initialise(vae, key, self.init_std))
    }
}

/// A variational auto-encoder with a unit Gaussian prior.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
}

/// The loss and its two parts, each a mean over the batch, `[1]`.
#[derive(Clone, Debug)]
pub struct VaeLoss {
    /// reconstruction + `kl_weight` · KL.
    pub total: Tensor<1>,
    /// ‖x − g(z)‖², summed over pixels and channels.
    pub reconstruction: Tensor<1>,
    /// KL(q(z|x) ‖ N(0, I)), in nats.
    pub kl: Tensor<1>,
    /// g(z), `[batch, channels, height, width]`.
    pub decoded: Tensor<4>,
}

impl Vae {
    /// Latent dimensions.
    pub fn latent(&self) -> usize {
        self.decoder.latent()
    }

    /// The decoder's means g_φ(z) or g_φ(z, c), in [−1, 1].
    ///
    /// # Shapes
    /// - `z`: `[batch, latent]`
    /// - output: `[batch, channels, height, width]`
    pub fn decode(&self, z: Tensor<2>, condition: Option<&Condition>) -> Tensor<4> {
        self.decoder.forward(z, condition)
    }

    /// q_α(z|x) or q_α(z|x, c); `key` draws the encoder's dropout.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    pub fn encode(&self, x: Tensor<4>, condition: Option<&Condition>, key: Key) -> Posterior {
        self.encoder.forward(x, condition, key)
    }

    /// mean ‖x − g(z)‖² + w · KL(q(z|x) ‖ N(0, I)), z ~ q(z|x), one z for each image (variational MCMC
    /// teaching, eq. 6). It is w · (−ELBO) up to a constant, for a decoder variance of w/2.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    pub fn loss(
        &self,
        x: Tensor<4>,
        condition: Option<&Condition>,
        kl_weight: f64,
        key: Key,
    ) -> VaeLoss {
        let posterior = self.encode(x.clone(), condition, key.fold(0));
        let decoded = self.decode(posterior.sample(key.fold(1)), condition);
        let reconstruction = squared_norm(decoded.clone() - x).mean();
        let kl = posterior.kl().mean();
        let total = reconstruction.clone() + kl.clone() * kl_weight;
        VaeLoss { total, reconstruction, kl, decoded }
    }

    /// Bits for each pixel and channel that an upper bound of −log₂ p(x) of each image comes to, for p(x|z) =
    /// N(g(z), σ²) with σ = `std` and one z ~ q(z|x): −ELBO / (d·ln 2).
    ///
    /// Images are of 256 levels, x = level/127.5 − 1, and made continuous by noise that is uniform in a level's bin of
    /// width 2/255, whose logarithm is counted: the bound is one of the levels' probability (Theis, van den Oord, Bethge,
    /// ICLR 2016). The decoder normalises by the batch at hand, so the number depends a little on it.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch]`
    pub fn bits_per_dim(
        &self,
        images: Tensor<4>,
        condition: Option<&Condition>,
        std: f64,
        key: Key,
    ) -> Tensor<1> {
        let pixels = images.dims()[1..].iter().product::<usize>() as f64;
        let noise = key.fold(2).uniform::<4>(images.dims(), &images.device()) - 0.5;
        let x = images + noise * BIN;
        let posterior = self.encode(x.clone(), condition, key.fold(0));
        let decoded = self.decode(posterior.sample(key.fold(1)), condition);
        let misfit = squared_norm(decoded - x) / (2.0 * std * std);
        let volume = pixels * ((TAU.sqrt() * std).ln() - BIN.ln());
        (posterior.kl() + misfit + volume) / (pixels * LN_2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::optim::{AdamConfig, GradientsParams};

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
        let numbers =
            |tensor: Tensor<4>| -> Vec<f64> { tensor.into_data().iter::<f64>().collect() };
        let squares =
            numbers(decoded).iter().zip(numbers(x)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let kl = posterior.kl().into_data().iter::<f64>().sum::<f64>() / 3.0;
        let value = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
        assert!((value(loss.reconstruction) - squares / 3.0).abs() < 1e-3 * squares / 3.0);
        assert!((value(loss.kl) - kl).abs() < 1e-6 + 1e-4 * kl);
        assert!((value(loss.total) - (squares / 3.0 + 3.0 * kl)).abs() < 1e-3 * squares / 3.0);
    }

    /// For a σ that no error matters beside, a pixel takes the bits of a bin under a flat Gaussian; where σ² is the mean
    /// squared error of the decoder, log₂(σ·√(2πe)/bin) and the bits of the code.
    #[test]
    fn bits_of_known_misfits() {
        let device = Device::flex();
        let vae = vae(&device);
        let images = Key::new(5).uniform::<4>([3, 1, 28, 28], &device);
        let bits = |std| -> Vec<f64> {
            vae.bits_per_dim(images.clone(), None, std, Key::new(6))
                .into_data()
                .iter::<f64>()
                .collect()
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

    /// The size and the range of what the released decoder gives.
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
        let record =
            |i: usize| -> Vec<f32> { decoder.weight(i).into_data().iter::<f32>().collect() };
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

    /// Every law depends on the condition, and only on its own: a batch's other conditions do not matter to an encoder.
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
            // Of two conditions, the next one's is the other one's.
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
            .init_conditional(
                shape_of_x,
                Some(ConditionShape::Image(shape_of_x)),
                Key::new(3),
                &device,
            )
            .expect_err("5 is not 28, halved");
        assert!(error.to_string().starts_with("decoder.layers[0].size is 5"), "{error}");
    }
}
