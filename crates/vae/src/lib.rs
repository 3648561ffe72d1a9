//! Variational auto-encoders, p_φ(x|z) with an inference network q_α(z|x).
//!
//! In variational MCMC teaching, the decoder draws the initial states of chains, and the
//! auto-encoder is trained on their last states. This crate depends neither on data nor on energy
//! networks.
//!
//! ```
//! use burn::tensor::Device;
//! use ebm_noise::Key;
//! use ebm_tensor::ImageShape;
//! use ebm_vae::VaeConfig;
//!
//! let device = Device::flex();
//! let vae = VaeConfig::mnist().init(ImageShape::new(1, 28), Key::new(0), &device)?;
//! let z = Key::new(1).normal::<2>([4, vae.latent()], &device);
//! let images = vae.decode(z, None);
//! assert_eq!(images.dims(), [4, 1, 28, 28]);
//! let loss = vae.loss(images, None, 3.0, Key::new(2));
//! assert_eq!(loss.total.dims(), [1]);
//! # Ok::<(), ebm_layers::NetworkError>(())
//! ```

mod decoder;
mod encoder;
mod latent;
mod norm;
mod prior;
mod pyramid;
mod resnet;
mod up_layer;
mod vae;

pub use decoder::{Decoder, DecoderConfig};
pub use encoder::{Encoder, EncoderConfig, Posterior};
pub use latent::LatentPosterior;
pub use norm::BatchStatNorm;
pub use prior::MixturePrior;
pub use resnet::ResnetConfig;
pub use up_layer::UpLayer;
pub use vae::{Vae, VaeConfig, VaeLoss};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
