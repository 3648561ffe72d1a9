//! Sets of images and of pairs as Burn's `Dataset`, for programs that use Burn's own loaders.

use burn_dataset::{Dataset, DatasetError};

use super::images::ImageSet;
use super::pairs::PairedSet;

/// One labelled image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageItem {
    /// The pixels `[channels, height, width]`, 0 to 255.
    pub pixels: Vec<u8>,
    /// The channels, height and width.
    pub shape: [usize; 3],
    /// The class.
    pub label: u8,
}

/// One pair of a condition and an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairItem {
    /// The condition.
    pub condition: ImageItem,
    /// The image that belongs to it.
    pub image: ImageItem,
}

impl Dataset<ImageItem> for ImageSet {
    /// # Panics
    /// If `index` is not below `len`, as the trait requires.
    fn get(&self, index: usize) -> Result<ImageItem, DatasetError> {
        let (pixels, label) = (self.image(index).to_vec(), self.labels()[index]);
        Ok(ImageItem { pixels, shape: self.shape(), label })
    }

    fn len(&self) -> usize {
        self.labels().len()
    }
}

impl Dataset<PairItem> for PairedSet {
    /// # Panics
    /// If `index` is not below `len`, as the trait requires.
    fn get(&self, index: usize) -> Result<PairItem, DatasetError> {
        let (condition, image) = (self.conditions().get(index)?, self.images().get(index)?);
        Ok(PairItem { condition, image })
    }

    fn len(&self) -> usize {
        self.images().labels().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_images_and_their_classes() {
        let set = |first: u8| {
            let pixels = (first..first + 12).collect();
            ImageSet::new("x", [1, 2, 3], pixels, vec![first, 7]).unwrap()
        };
        let item = Dataset::get(&set(0), 1).unwrap();
        assert_eq!(item, ImageItem { pixels: (6..12).collect(), shape: [1, 2, 3], label: 7 });
        assert_eq!(Dataset::len(&set(0)), 2);
        let pairs = PairedSet::new(set(0), set(50)).unwrap();
        let pair = pairs.get(0).unwrap();
        assert_eq!((pair.condition.label, pair.image.label, Dataset::len(&pairs)), (0, 50, 2));
    }
}
