//! Sets of labelled images in memory, and batches of them as tensors.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use ebm_tensor::ImageShape;

use super::pixel::scaled;
use crate::error::DataError;
use crate::formats::idx::{IdxArray, IdxError};

/// A set of labelled images of one shape, with eight bits per pixel and channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    name: String,
    shape: [usize; 3],
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl ImageSet {
    /// Creates a set of `labels.len()` images, their pixels one after another as `[channels,
    /// height, width]`.
    ///
    /// # Errors
    /// [`DataError::PixelCount`] if the pixels do not fill whole images,
    /// [`DataError::CountMismatch`] if there are not as many images as labels.
    pub fn new(
        name: impl Into<String>,
        shape: [usize; 3],
        pixels: Vec<u8>,
        labels: Vec<u8>,
    ) -> Result<Self, DataError> {
        let name = name.into();
        let per_image = shape.iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim));
        let images = match per_image {
            Some(per_image) if per_image > 0 && pixels.len().is_multiple_of(per_image) => {
                pixels.len() / per_image
            }
            _ => return Err(DataError::PixelCount { name, found: pixels.len(), shape }),
        };
        if images != labels.len() {
            return Err(DataError::CountMismatch { name, images, labels: labels.len() });
        }
        Ok(Self { name, shape, pixels, labels })
    }

    /// Reads a set from a pair of IDX files, gzipped or not: grey images of rank 3, labels of rank
    /// 1.
    ///
    /// # Errors
    /// [`DataError::Io`] if a file cannot be opened, [`DataError::Idx`] if it is not such a file,
    /// [`DataError::CountMismatch`] if the two do not belong together.
    pub fn from_idx_files(images: &Path, labels: &Path) -> Result<Self, DataError> {
        let read = |path: &Path, rank| {
            let file = std::fs::File::open(path).map_err(DataError::io("open", path))?;
            IdxArray::read(file, rank).map_err(|problem| match problem {
                IdxError::Io { cause } => DataError::io("read", path)(cause),
                problem => DataError::Idx { path: path.to_path_buf(), problem },
            })
        };
        let name = format!("{} + {}", images.display(), labels.display());
        Self::from_idx(name, read(images, 3)?, read(labels, 1)?)
    }

    /// Joins images `[count, height, width]` and labels `[count]`.
    pub(crate) fn from_idx(
        name: impl Into<String>,
        images: IdxArray,
        labels: IdxArray,
    ) -> Result<Self, DataError> {
        let shape = [1, images.dims()[1], images.dims()[2]];
        Self::new(name, shape, images.into_data(), labels.into_data())
    }

    /// Renames the set.
    pub(crate) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Returns the data set's name, or the files that it was read from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns channels, height and width.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Returns the shape of square images; `None` if height and width differ.
    pub fn square_shape(&self) -> Option<ImageShape> {
        let [channels, height, width] = self.shape;
        (height == width).then_some(ImageShape { channels, side: height })
    }

    /// Returns the class of each image.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Returns all pixels, `[len, channels, height, width]`, 0 to 255.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Returns the pixels of one image, `[channels, height, width]`, 0 to 255.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    pub fn image(&self, index: usize) -> &[u8] {
        let per_image: usize = self.shape.iter().product();
        &self.pixels[index * per_image..(index + 1) * per_image]
    }

    /// Returns the images at these indices, scaled to [−1, 1] by x / 127.5 − 1, in one upload.
    ///
    /// # Shapes
    /// - output: `[indices.len(), channels, height, width]`
    ///
    /// # Panics
    /// If an index is not below [`len`](Self::len).
    pub fn batch(&self, indices: &[usize], device: &Device) -> Tensor<4> {
        let [channels, height, width] = self.shape;
        let mut values = Vec::with_capacity(indices.len() * channels * height * width);
        for &index in indices {
            values.extend(self.image(index).iter().copied().map(scaled));
        }
        let shape = [indices.len(), channels, height, width];
        Tensor::from_data(TensorData::new(values, shape), device)
    }
}
