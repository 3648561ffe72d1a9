//! Layers that energy networks and auto-encoders share: descriptions of convolutions, SAME padding,
//! the activation, a layer that reads a condition, and the errors of descriptions.
//!
//! ```
//! use burn::tensor::Device;
//! use ebm_layers::ConvLayer;
//! use ebm_tensor::ImageShape;
//!
//! let layers = [
//!     ConvLayer { channels: 64, kernel: 5, stride: 2 },
//!     ConvLayer { channels: 128, kernel: 3, stride: 2 },
//! ];
//! // 28 × 28 → 14 × 14 → 7 × 7
//! let image = ImageShape::new(1, 28);
//! let (convolutions, output) = ConvLayer::init_all(&layers, image, &Device::flex());
//! assert_eq!((convolutions.len(), output), (2, ImageShape::new(128, 7)));
//! ```

mod activation;
mod condition;
mod conv_layer;
mod error;
mod padding;

pub use activation::{bent_leaky_relu, leaky_relu};
pub use condition::{ConditionConfig, ConditionLayer};
pub use conv_layer::ConvLayer;
pub use error::NetworkError;
pub use padding::{same_output, same_padding};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
