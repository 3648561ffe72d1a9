//! Feature networks: fixed maps of images to vectors, in which distances of sets of images mean something.
//!
//! | network | images | features | weights |
//! |---|---|---|---|
//! | [`Classifier::digits`] | MNIST | 128 | trained by this project, compiled in |
//! | [`Classifier::fashion`] | Fashion-MNIST | 128 | trained by this project, compiled in |
//! | [`SqueezeNet`] | any | 512 | a file of 5 MB, MIT and BSD 2-Clause |
//! | [`EfficientNetLite0`] | any | 1280 | a file of 19 MB, Apache-2.0 |
//! | [`InceptionV3`] | any | 2048 | a file of 95 MB, Apache-2.0: what published FIDs are in |
//!
//! Distances in one network's features cannot be compared with distances in another's: name the network beside each
//! number. Each type says where its weights come from. Files are safetensors, or state dictionaries as PyTorch saves
//! them (.pth) with the network's names; they are read whole and checked, and nothing in them is executed.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_metrics::features::{Classifier, FeatureNetwork};
//!
//! # fn main() -> Result<(), ebm_metrics::features::FeatureError> {
//! let judge = Classifier::digits(&Device::flex())?;
//! let blank = Tensor::<4>::ones([2, 1, 28, 28], &Device::flex()) * -1.0;
//! assert_eq!(judge.features(blank.clone())?.dims(), [2, judge.dim()]);
//! let probabilities = judge.probabilities(blank)?.expect("a classifier has them");
//! assert!((probabilities.sum().into_scalar::<f32>() - 2.0).abs() < 1e-5);
//! # Ok(())
//! # }
//! ```

mod classifier;
mod efficientnet;
mod error;
mod inception;
mod layers;
mod pytorch;
mod resize;
mod squeezenet;
mod weights;

use burn::tensor::Tensor;

pub use classifier::{Classifier, ClassifierNetwork};
pub use efficientnet::EfficientNetLite0;
pub use error::FeatureError;
pub use inception::InceptionV3;
pub use squeezenet::SqueezeNet;
pub use weights::MAX_WEIGHT_BYTES;

/// A fixed map of images to vectors. Weights and images must be on the same device.
pub trait FeatureNetwork {
    /// What a report calls it.
    fn name(&self) -> &str;

    /// The length of a feature vector.
    fn dim(&self) -> usize;

    /// The feature vectors of images.
    ///
    /// # Shapes
    /// - `images`: `[n, channels, height, width]` in [−1, 1]
    /// - output: `[n, dim]`
    ///
    /// # Errors
    /// [`FeatureError::Images`] if the network cannot look at images of this shape.
    fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError>;

    /// The probabilities of the classes that the network was trained to tell apart; `None` where it has none.
    ///
    /// # Shapes
    /// - `images`: `[n, channels, height, width]` in [−1, 1]
    /// - output: `[n, classes]`, rows that sum to 1
    ///
    /// # Errors
    /// As [`features`](Self::features).
    fn probabilities(&self, images: Tensor<4>) -> Result<Option<Tensor<2>>, FeatureError>;
}

/// Applies `f` to at most `size` images at a time and concatenates the rows, so that the activations of
/// large sets need not be held at once.
///
/// # Shapes
/// - `images`: `[n, channels, height, width]`
/// - output: `[n, …]`, the rows that `f` returns for each part
///
/// # Errors
/// The first error of `f`.
pub fn in_parts<E>(
    images: Tensor<4>,
    size: usize,
    mut f: impl FnMut(Tensor<4>) -> Result<Tensor<2>, E>,
) -> Result<Tensor<2>, E> {
    if images.dims()[0] <= size {
        return f(images);
    }
    let parts = images.split(size, 0).into_iter().map(f).collect::<Result<_, _>>()?;
    Ok(Tensor::cat(parts, 0))
}
