//! A batch of data.

use ebm_tensor::Examples;

/// One batch of data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Batch {
    /// The images in [−1, 1] and, for a conditional model, their conditions.
    pub examples: Examples,
    /// The epoch, from 0.
    pub epoch: u64,
}

impl Batch {
    /// Creates a batch of an epoch, of images alone or with conditions.
    pub fn new(examples: impl Into<Examples>, epoch: u64) -> Self {
        Self { examples: examples.into(), epoch }
    }
}
