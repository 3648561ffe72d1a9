//! The features of many images.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use ebm::metrics::{FeatureSet, features};

/// The number of images that a network takes at once: networks for photographs enlarge them.
const PART: usize = 500;

/// Collects on the host the rows that `f` returns for images, a part at a time.
///
/// # Errors
/// If there are no images, `f` fails, or a value is not finite.
pub fn in_parts(
    images: Tensor<4>,
    f: impl Fn(Tensor<4>) -> Result<Tensor<2>>,
) -> Result<FeatureSet> {
    ensure!(images.dims()[0] > 0, "there are no images");
    Ok(FeatureSet::from_tensor(features::in_parts(images, PART, f)?)?)
}
