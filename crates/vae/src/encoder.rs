//! Encoders, the inference networks q_α(z|x).

use std::f64::consts::TAU;

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use ebm_layers::{ConditionConfig, ConditionLayer, ConvLayer, NetworkError, leaky_relu};
use ebm_noise::Key;
use ebm_tensor::{Condition, ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A description of an [`Encoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// The convolutions, with SAME padding and LeakyReLU; two dense layers follow.
    pub layers: Vec<ConvLayer>,
    /// The negative slope of the LeakyReLU.
    pub slope: f64,
    /// The probability with which an activation is dropped after each convolution. Dropout is
    /// always on, as in the released code.
    pub dropout: f64,
    /// The layer that reads c in a conditional encoder q(z|x, c); the first layer if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionConfig>,
}

impl EncoderConfig {
    /// Returns the released network for MNIST and Fashion-MNIST (759 688 parameters with 100
    /// latents).
    pub fn mnist() -> Self {
        Self {
            layers: vec![
                ConvLayer { channels: 64, kernel: 4, stride: 2 },
                ConvLayer { channels: 64, kernel: 4, stride: 2 },
                ConvLayer { channels: 64, kernel: 4, stride: 1 },
            ],
            slope: 0.2,
            dropout: 0.2,
            condition: None,
        }
    }

    /// Returns the released network for CIFAR-10 (4 393 800 parameters with 100 latents).
    pub fn cifar() -> Self {
        Self {
            layers: vec![
                ConvLayer { channels: 64, kernel: 3, stride: 1 },
                ConvLayer { channels: 128, kernel: 4, stride: 2 },
                ConvLayer { channels: 256, kernel: 4, stride: 2 },
                ConvLayer { channels: 512, kernel: 4, stride: 2 },
            ],
            slope: 0.2,
            dropout: 0.0,
            condition: None,
        }
    }

    /// Checks the values of all fields.
    ///
    /// # Errors
    /// [`NetworkError`] for the first field with which no network can be built.
    pub fn validate(&self) -> Result<(), NetworkError> {
        ConvLayer::check_all(&self.layers)?;
        let unit = 0.0..1.0;
        NetworkError::check_range("slope", self.slope, unit.contains(&self.slope), "in [0, 1)")?;
        NetworkError::check_range(
            "dropout",
            self.dropout,
            unit.contains(&self.dropout),
            "in [0, 1)",
        )
    }

    /// Checks that the layers on images of a given shape are of a possible size.
    pub(crate) fn check_image(&self, image: ImageShape, latent: usize) -> Result<(), NetworkError> {
        let output = ConvLayer::check_sizes(&self.layers, image)?;
        NetworkError::check_product("layers", "dense weights", &[output.len(), latent])
    }

    pub(crate) fn init(
        &self,
        image: ImageShape,
        condition: Option<ConditionShape>,
        latent: usize,
        device: &Device,
    ) -> Result<Encoder, NetworkError> {
        let (convolutions, output) = ConvLayer::init_all(&self.layers, image, device);
        let features = output.len();
        let init = |condition| {
            let config = self.condition.unwrap_or_default();
            config.init(&self.layers, image, condition, device)
        };
        Ok(Encoder {
            convolutions,
            mean: LinearConfig::new(features, latent).init(device),
            log_variance: LinearConfig::new(features, latent).init(device),
            condition: condition.map(init).transpose()?,
            slope: self.slope,
            dropout: self.dropout,
        })
    }
}

/// A network that maps an image to a Gaussian over latent codes.
#[derive(Module, Debug)]
pub struct Encoder {
    convolutions: Vec<Conv2d>,
    mean: Linear,
    log_variance: Linear,
    /// The last of the parameters, so that an unconditional network draws the same others without
    /// it.
    condition: Option<ConditionLayer>,
    slope: f64,
    dropout: f64,
}

/// The distribution q_α(z|x) = N(μ(x), diag e^{2 s(x)}) of codes.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// The mean μ, `[batch, latent]`.
    pub mean: Tensor<2>,
    /// The logarithm s of the standard deviation, `[batch, latent]`.
    pub log_std: Tensor<2>,
}

impl Encoder {
    /// Returns the posterior of each image. `key` draws the dropout masks.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    pub fn forward(&self, x: Tensor<4>, condition: Option<&Condition>, key: Key) -> Posterior {
        let mut hidden = x;
        let own = self.condition.as_ref().zip(condition);
        let mut added = own.map(|(own, condition)| (own.layer(), own.sums(condition)));
        for (layer, convolution) in self.convolutions.iter().enumerate() {
            let mut sums = convolution.forward(hidden);
            if let Some((_, added)) = added.take_if(|(at, _)| *at == layer) {
                sums = sums + added;
            }
            hidden = leaky_relu(sums, self.slope);
            hidden = self.drop_out(hidden, key.fold(layer as u64));
        }
        let features = hidden.flatten::<2>(1, 3);
        Posterior {
            mean: self.mean.forward(features.clone()),
            // The dense layer returns the log-variance.
            log_std: self.log_variance.forward(features) * 0.5,
        }
    }

    fn drop_out(&self, x: Tensor<4>, key: Key) -> Tensor<4> {
        if self.dropout == 0.0 {
            return x;
        }
        let uniform = key.uniform(x.dims(), &x.device().without_autodiff());
        let kept = uniform.greater_equal_scalar(self.dropout).float();
        x * (kept / (1.0 - self.dropout))
    }
}

impl Posterior {
    /// Draws one code for each image by reparametrisation, z = μ + eˢ ⊙ ε with ε ~ N(0, I),
    /// `[batch, latent]`.
    pub fn sample(&self, key: Key) -> Tensor<2> {
        let epsilon = key.normal(self.mean.dims(), &self.mean.device().without_autodiff());
        self.mean.clone() + self.log_std.clone().exp() * epsilon
    }

    /// Returns KL(q ‖ N(0, I)) = −½ Σⱼ (1 + 2sⱼ − μⱼ² − e^{2sⱼ}) of each image, in nats, `[batch]`.
    pub fn kl(&self) -> Tensor<1> {
        let terms = self.log_std.clone() * 2.0 + 1.0
            - self.mean.clone().powi_scalar(2)
            - (self.log_std.clone() * 2.0).exp();
        terms.sum_dim(1).squeeze_dim::<1>(1) * -0.5
    }

    /// Returns log q(z) of one code for each image, in nats, `[batch]`.
    ///
    /// # Shapes
    /// - `z`: `[batch, latent]`
    pub fn log_density(&self, z: Tensor<2>) -> Tensor<1> {
        let deviation = (z - self.mean.clone()) * (-self.log_std.clone()).exp();
        let terms = deviation.powi_scalar(2) * -0.5 - self.log_std.clone() - 0.5 * TAU.ln();
        terms.sum_dim(1).squeeze_dim::<1>(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KL against the definition, E_q[log q(z) − log p(z)], by Monte Carlo.
    #[test]
    fn kl_is_the_expected_log_ratio() {
        let device = Device::flex();
        let row = |values: [f32; 2]| Tensor::<1>::from_data(values, &device).unsqueeze::<2>();
        let posterior = Posterior { mean: row([0.5, -1.0]), log_std: row([-0.7, 0.2]) };
        let n = 40_000;
        let many = Posterior {
            mean: posterior.mean.clone().repeat_dim(0, n),
            log_std: posterior.log_std.clone().repeat_dim(0, n),
        };
        let z = many.sample(Key::new(4));
        let deviation = (z.clone() - many.mean) / many.log_std.clone().exp();
        // log q − log p, in which the normalising constants of 2π cancel.
        let log_ratio = deviation.powi_scalar(2) * -0.5 - many.log_std + z.powi_scalar(2) * 0.5;
        let ratios: Vec<f64> = log_ratio.sum_dim(1).into_data().iter::<f64>().collect();
        let mean = ratios.iter().sum::<f64>() / n as f64;
        let variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n as f64;
        let kl: f32 = posterior.kl().into_scalar();
        let error = (mean - f64::from(kl)).abs() / (variance / n as f64).sqrt();
        assert!(error < 4.0, "{mean} and {kl} differ by {error} standard errors");
    }

    #[test]
    fn dropout_drops_its_share_and_keeps_the_mean() {
        let device = Device::flex();
        let encoder =
            EncoderConfig::mnist().init(ImageShape::new(1, 28), None, 4, &device).expect("valid");
        let dropped = encoder.drop_out(Tensor::ones([4, 10, 50, 50], &device), Key::new(1));
        let values: Vec<f32> = dropped.into_data().iter::<f32>().collect();
        let kept = values.iter().filter(|v| **v > 0.0).count() as f64 / values.len() as f64;
        // 4 standard errors of a share of 0.8 over 100 000 draws.
        assert!((kept - 0.8).abs() < 4.0 * (0.16_f64 / 1e5).sqrt(), "{kept}");
        assert!(values.iter().all(|&v| v == 0.0 || (v - 1.25).abs() < 1e-6));
    }
}
