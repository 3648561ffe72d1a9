//! A batch of data.

use burn::tensor::Tensor;

/// One batch of data.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[batch, channels, height, width]` in [−1, 1].
    pub images: Tensor<4>,
    /// What a conditional model is told of each, `[batch, …]` of the [shape](crate::ConditionRecipe::shape) that its
    /// recipe says.
    pub condition: Option<Tensor<4>>,
    /// The epoch, from 0.
    pub epoch: u64,
}

impl Batch {
    /// A batch without conditions.
    pub fn new(images: Tensor<4>, epoch: u64) -> Self {
        Self { images, condition: None, epoch }
    }
}
