//! The auto-encoder and its loss, the weighted negative ELBO.

use std::f64::consts::{LN_2, TAU};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ebm_energy::squared_norm;
use ebm_layers::NetworkError;
use ebm_noise::streams::auto_encoder as stream;
use ebm_noise::{Key, initialise};
use ebm_tensor::{Condition, ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decoder::{Decoder, DecoderConfig};
use crate::encoder::{Encoder, EncoderConfig, Posterior};

/// The width of one of 256 levels in [−1, 1].
const BIN: f64 = 2.0 / 255.0;

/// A description of a [`Vae`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VaeConfig {
    /// The number of latent dimensions.
    pub latent: usize,
    /// The standard deviation of the initial convolution weights.
    pub init_std: f64,
    /// The encoder q_α(z|x).
    pub encoder: EncoderConfig,
    /// The decoder g_φ(z).
    pub decoder: DecoderConfig,
}

impl VaeConfig {
    /// Returns the released networks for MNIST and Fashion-MNIST.
    pub fn mnist() -> Self {
        Self {
            latent: 100,
            init_std: 0.005,
            encoder: EncoderConfig::mnist(),
            decoder: DecoderConfig::mnist(),
        }
    }

    /// Returns the released networks for CIFAR-10.
    pub fn cifar() -> Self {
        Self { encoder: EncoderConfig::cifar(), decoder: DecoderConfig::cifar(), ..Self::mnist() }
    }

    /// Checks the values of all fields, as far as they do not depend on the images.
    ///
    /// # Errors
    /// [`NetworkError`] for the first field with which no network can be built.
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
    /// Returns the errors of [`validate`](Self::validate), and an error for networks that do not
    /// fit the images.
    pub fn init(&self, image: ImageShape, key: Key, device: &Device) -> Result<Vae, NetworkError> {
        self.init_conditional(image, None, key, device)
    }

    /// Returns the networks q(z|x, c) and g(z, c) for images and conditions of given shapes;
    /// without a condition, the networks of [`init`](Self::init).
    ///
    /// # Errors
    /// Returns the errors of [`init`](Self::init), and an error for a condition that does not fit.
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

/// A variational auto-encoder, whose prior is N(0, I) unless said otherwise.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
}

/// The loss and its two parts, each a mean over the batch, `[1]`.
#[derive(Clone, Debug)]
pub struct VaeLoss {
    /// The loss, reconstruction + `kl_weight` · KL.
    pub total: Tensor<1>,
    /// The squared error ‖x − g(z)‖², summed over pixels and channels.
    pub reconstruction: Tensor<1>,
    /// The divergence KL(q(z|x) ‖ p(z)), in nats.
    pub kl: Tensor<1>,
    /// The reconstructions g(z), `[batch, channels, height, width]`.
    pub decoded: Tensor<4>,
    /// The distributions q(z|x).
    pub posterior: Posterior,
}

impl Vae {
    /// Returns the number of latent dimensions.
    pub fn latent(&self) -> usize {
        self.decoder.latent()
    }

    /// Returns the decoder's means g_φ(z) or g_φ(z, c), in [−1, 1].
    ///
    /// # Shapes
    /// - `z`: `[batch, latent]`
    /// - output: `[batch, channels, height, width]`
    pub fn decode(&self, z: Tensor<2>, condition: Option<&Condition>) -> Tensor<4> {
        self.decoder.forward(z, condition)
    }

    /// Returns q_α(z|x) or q_α(z|x, c). `key` draws the encoder's dropout.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    pub fn encode(&self, x: Tensor<4>, condition: Option<&Condition>, key: Key) -> Posterior {
        self.encoder.forward(x, condition, key)
    }

    /// Returns the loss mean ‖x − g(z)‖² + w · KL(q(z|x) ‖ N(0, I)) with one z ~ q(z|x) for each
    /// image (variational MCMC teaching, eq. 6). It is w · (−ELBO) up to a constant, for a decoder
    /// variance of w/2.
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
        self.loss_under(|posterior, _| posterior.kl(), x, condition, kl_weight, key)
    }

    /// Returns the loss of [`loss`](Self::loss) with another prior p(z) than N(0, I): `kl` returns
    /// KL(q(z|x) ‖ p(z)) of each image, or an estimate of it from the code z ~ q(z|x) that it is
    /// given, `[batch]`.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    pub fn loss_under(
        &self,
        kl: impl FnOnce(&Posterior, Tensor<2>) -> Tensor<1>,
        x: Tensor<4>,
        condition: Option<&Condition>,
        kl_weight: f64,
        key: Key,
    ) -> VaeLoss {
        let posterior = self.encode(x.clone(), condition, key.fold(stream::DROPOUT));
        let z = posterior.sample(key.fold(stream::CODES));
        let decoded = self.decode(z.clone(), condition);
        let reconstruction = squared_norm(decoded.clone() - x).mean();
        let kl = kl(&posterior, z).mean();
        let total = reconstruction.clone() + kl.clone() * kl_weight;
        VaeLoss { total, reconstruction, kl, decoded, posterior }
    }

    /// Returns an upper bound of −log₂ p(x) of each image, in bits per pixel and channel: −ELBO /
    /// (d·ln 2) for p(x|z) = N(g(z), σ²) with σ = `std` and one z ~ q(z|x).
    ///
    /// Images have 256 levels, x = level/127.5 − 1, and are dequantised by uniform noise in the bin
    /// of a level, whose width 2/255 is accounted for: the bound is one of the probability of the
    /// levels (Theis, van den Oord, Bethge, ICLR 2016). The decoder normalises by the current
    /// batch, so the result depends slightly on it.
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
        let noise =
            key.fold(stream::DEQUANTISATION).uniform::<4>(images.dims(), &images.device()) - 0.5;
        let x = images + noise * BIN;
        let posterior = self.encode(x.clone(), condition, key.fold(stream::DROPOUT));
        let decoded = self.decode(posterior.sample(key.fold(stream::CODES)), condition);
        let misfit = squared_norm(decoded - x) / (2.0 * std * std);
        let volume = pixels * ((TAU.sqrt() * std).ln() - BIN.ln());
        (posterior.kl() + misfit + volume) / (pixels * LN_2)
    }
}

#[cfg(test)]
mod tests;
