//! What networks see in many images.

use anyhow::{Context, Result};
use burn::tensor::Tensor;
use ebm::metrics::FeatureSet;

/// Images that a network sees at once: those for photographs enlarge them.
const PART: usize = 500;

/// The rows that `of` makes of images, a part at a time.
pub fn in_parts(
    images: Tensor<4>,
    of: impl Fn(Tensor<4>) -> Result<Tensor<2>>,
) -> Result<FeatureSet> {
    let mut parts = images.split(PART, 0).into_iter();
    let first = parts.next().context("there are no images")?;
    let mut all = FeatureSet::from_tensor(of(first)?)?;
    for part in parts {
        all.append(&FeatureSet::from_tensor(of(part)?)?)?;
    }
    Ok(all)
}
