//! Sets that a model is trained on: images alone, or pairs.

use burn::tensor::Device;
use ebm_tensor::Examples;

use super::images::ImageSet;
use super::pairs::PairedSet;

/// A set of images or of pairs, in which each image has a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExampleSet {
    /// A set of images without conditions.
    Images(ImageSet),
    /// A set of images with conditions, which are images too.
    Pairs(PairedSet),
}

impl ExampleSet {
    /// Returns the images.
    pub fn images(&self) -> &ImageSet {
        match self {
            Self::Images(images) => images,
            Self::Pairs(pairs) => pairs.images(),
        }
    }

    /// Returns the condition of each image, in the order of the images; `None` of images alone.
    pub fn conditions(&self) -> Option<&ImageSet> {
        match self {
            Self::Images(_) => None,
            Self::Pairs(pairs) => Some(pairs.conditions()),
        }
    }

    /// Returns the number of images.
    pub fn len(&self) -> usize {
        self.images().len()
    }

    /// Returns whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.images().is_empty()
    }

    /// Returns the examples at these indices, scaled to [−1, 1], with the conditions of pairs.
    ///
    /// # Panics
    /// If an index is not below [`len`](Self::len).
    pub fn batch(&self, indices: &[usize], device: &Device) -> Examples {
        match self {
            Self::Images(images) => images.batch(indices, device).into(),
            Self::Pairs(pairs) => pairs.batch(indices, device),
        }
    }
}

impl From<ImageSet> for ExampleSet {
    fn from(images: ImageSet) -> Self {
        Self::Images(images)
    }
}

impl From<PairedSet> for ExampleSet {
    fn from(pairs: PairedSet) -> Self {
        Self::Pairs(pairs)
    }
}
