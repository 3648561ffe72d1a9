//! Pairs of images: a condition, and the image that belongs to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use ebm_tensor::{Condition, Examples};

use super::folder::{self, Listing};
use super::images::ImageSet;
use crate::error::{DataError, FolderProblem};
use crate::formats::picture::Part;

/// The half of a picture that is the condition; the other half is the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// The left half.
    Left,
    /// The right half, as the labels of CMP Facades.
    Right,
}

/// A set of pairs: conditions and images of one shape, equally many of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairedSet {
    conditions: ImageSet,
    images: ImageSet,
}

impl PairedSet {
    /// Joins conditions and images, the first with the first.
    ///
    /// # Errors
    /// [`DataError::CountMismatch`], [`DataError::PairShapes`].
    pub fn new(conditions: ImageSet, images: ImageSet) -> Result<Self, DataError> {
        let (conditions_len, images_len) = (conditions.len(), images.len());
        if conditions_len != images_len {
            let name = images.name().to_owned();
            return Err(DataError::CountMismatch {
                name,
                images: images_len,
                labels: conditions_len,
            });
        }
        if conditions.shape() != images.shape() {
            let (conditions, images) = (conditions.shape(), images.shape());
            return Err(DataError::PairShapes { conditions, images });
        }
        Ok(Self { conditions, images })
    }

    /// Reads a folder of pictures that show a pair side by side, as those of CMP Facades do. Each
    /// half is cropped and scaled as [`load_folder`](crate::load_folder) does.
    ///
    /// # Errors
    /// Returns the errors of [`load_folder`](crate::load_folder).
    pub fn from_halves(
        folder: &Path,
        condition: Half,
        shape: [usize; 3],
    ) -> Result<Self, DataError> {
        let Listing { files, labels } = Listing::of(folder)?;
        let parts = match condition {
            Half::Left => [Part::LeftHalf, Part::RightHalf],
            Half::Right => [Part::RightHalf, Part::LeftHalf],
        };
        let [conditions, images] = folder::decode(folder, &files, parts, shape)?;
        let set =
            |pixels| ImageSet::new(folder.display().to_string(), shape, pixels, labels.clone());
        Self::new(set(conditions)?, set(images)?)
    }

    /// Reads two folders; pictures whose names agree up to the extension form pairs.
    ///
    /// # Errors
    /// Returns the errors of [`load_folder`](crate::load_folder), and [`DataError::Folder`] with
    /// the name of a picture that has no partner.
    pub fn from_folders(
        conditions: &Path,
        images: &Path,
        shape: [usize; 3],
    ) -> Result<Self, DataError> {
        let (of_conditions, of_images) =
            (by_stem(conditions, images)?, by_stem(images, conditions)?);
        alone(&of_conditions, &of_images, images)?;
        alone(&of_images, &of_conditions, conditions)?;
        let read = |folder: &Path, pictures: Pictures| {
            let (files, labels): (Vec<_>, _) = pictures.into_values().unzip();
            let [pixels] = folder::decode(folder, &files, [Part::Whole], shape)?;
            ImageSet::new(folder.display().to_string(), shape, pixels, labels)
        };
        Self::new(read(conditions, of_conditions)?, read(images, of_images)?)
    }

    /// Returns the conditions.
    pub fn conditions(&self) -> &ImageSet {
        &self.conditions
    }

    /// Returns the images.
    pub fn images(&self) -> &ImageSet {
        &self.images
    }

    /// Returns the number of pairs.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Returns whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Returns the pairs at these indices, scaled to [−1, 1]; each condition is an image.
    ///
    /// # Panics
    /// If an index is not below [`len`](Self::len).
    pub fn batch(&self, indices: &[usize], device: &Device) -> Examples {
        let condition = Condition::Image(self.conditions.batch(indices, device));
        Examples::new(self.images.batch(indices, device), Some(condition))
    }
}

/// Pictures and their classes by their paths in a folder, without extensions.
type Pictures = BTreeMap<PathBuf, (PathBuf, u8)>;

fn by_stem(folder: &Path, other: &Path) -> Result<Pictures, DataError> {
    let Listing { files, labels } = Listing::of(folder)?;
    let mut pictures = Pictures::new();
    for (path, label) in files.into_iter().zip(labels) {
        let stem = path.strip_prefix(folder).unwrap_or(&path).with_extension("");
        if let Some((twin, _)) = pictures.insert(stem, (path, label)) {
            return Err(without_partner(&twin, other));
        }
    }
    Ok(pictures)
}

/// Refuses a picture without a partner in the other folder.
fn alone(pictures: &Pictures, others: &Pictures, other: &Path) -> Result<(), DataError> {
    match pictures.iter().find(|(stem, _)| !others.contains_key(*stem)) {
        Some((_, (path, _))) => Err(without_partner(path, other)),
        None => Ok(()),
    }
}

fn without_partner(path: &Path, other: &Path) -> DataError {
    let problem = FolderProblem::Alone { other: other.to_path_buf() };
    DataError::Folder { path: path.to_path_buf(), problem }
}
