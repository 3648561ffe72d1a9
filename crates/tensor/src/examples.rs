//! Images with their conditions.

use burn::tensor::Tensor;

use crate::Condition;

/// A batch of images with, for a conditional model, the condition of each; both are split and
/// narrowed together.
#[derive(Clone, Debug)]
pub struct Examples {
    /// The images, `[batch, channels, height, width]`.
    pub images: Tensor<4>,
    /// One condition for each image; `None` for an unconditional model.
    pub condition: Option<Condition>,
}

impl Examples {
    /// Pairs images with their conditions.
    ///
    /// # Panics
    /// If there are conditions, but not one for each image.
    pub fn new(images: Tensor<4>, condition: Option<Condition>) -> Self {
        if let Some(condition) = &condition {
            assert_eq!(condition.len(), images.dims()[0], "one condition for each image");
        }
        Self { images, condition }
    }

    /// Returns the number of images.
    pub fn len(&self) -> usize {
        self.images.dims()[0]
    }

    /// Returns whether the batch is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns `count` examples from index `start` on.
    ///
    /// # Panics
    /// If there are fewer than `start + count` examples.
    pub fn narrow(self, start: usize, count: usize) -> Self {
        Self {
            images: self.images.narrow(0, start, count),
            condition: self.condition.map(|condition| condition.narrow(start, count)),
        }
    }

    /// Repeats the examples cyclically until there are `count` of them.
    ///
    /// # Panics
    /// If there are none to repeat.
    pub fn cycle(self, count: usize) -> Self {
        let repeats = count.div_ceil(self.len());
        Self {
            images: self.images.repeat_dim(0, repeats).narrow(0, 0, count),
            condition: self.condition.map(|condition| condition.cycle(count)),
        }
    }

    /// Splits the batch into parts of `size` examples; the last one may be smaller.
    pub fn split(self, size: usize) -> Vec<Self> {
        let images = self.images.split(size, 0);
        let conditions: Vec<_> = match self.condition {
            Some(condition) => condition.split(size).into_iter().map(Some).collect(),
            None => vec![None; images.len()],
        };
        let parts = images.into_iter().zip(conditions);
        parts.map(|(images, condition)| Self { images, condition }).collect()
    }
}

impl From<Tensor<4>> for Examples {
    /// Images without conditions.
    fn from(images: Tensor<4>) -> Self {
        Self { images, condition: None }
    }
}
