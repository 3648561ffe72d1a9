//! Feature networks: fixed maps from images to vectors, in whose space distances between sets of
//! images are meaningful.
//!
//! | network | images | features | weights |
//! |---|---|---|---|
//! | [`Classifier::digits`] | MNIST | 128 | trained by this project, embedded |
//! | [`Classifier::fashion`] | Fashion-MNIST | 128 | trained by this project, embedded |
//! | [`SqueezeNet`] | any | 512 | a file of 5 MB, MIT and BSD 2-Clause |
//! | [`EfficientNetLite0`] | any | 1280 | a file of 19 MB, Apache-2.0 |
//! | [`InceptionV3`] | any | 2048 | a file of 95 MB, Apache-2.0: the network of published FIDs |
//!
//! Distances in the features of different networks are not comparable: name the network beside each
//! number. Each type documents the source of its weights. A file of weights is in the safetensors
//! format or a state dictionary as PyTorch saves it (.pth), with the network's parameter names; it
//! is read whole and validated, and nothing in it is executed.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_metrics::features::{Classifier, FeatureNetwork};
//!
//! # fn main() -> Result<(), ebm_metrics::features::FeatureError> {
//! let classifier = Classifier::digits(&Device::flex())?;
//! let blank = Tensor::<4>::ones([2, 1, 28, 28], &Device::flex()) * -1.0;
//! assert_eq!(classifier.features(blank.clone())?.dims(), [2, classifier.dim()]);
//! let probabilities = classifier.probabilities(blank)?.expect("a classifier has them");
//! assert!((probabilities.sum().into_scalar::<f32>() - 2.0).abs() < 1e-5);
//! # Ok(())
//! # }
//! ```

mod classifier;
mod efficientnet;
mod error;
mod inception;
mod layers;
mod network;
mod parts;
mod pytorch;
mod resize;
mod squeezenet;
mod weights;

pub use classifier::{Classifier, ClassifierNetwork};
pub use efficientnet::EfficientNetLite0;
pub use error::FeatureError;
pub use inception::InceptionV3;
pub use network::FeatureNetwork;
pub use parts::in_parts;
pub use squeezenet::SqueezeNet;
pub use weights::MAX_WEIGHT_BYTES;
