//! The data set compiled into this crate: 5 000 real MNIST digits, and 2 000 more for evaluation.

use std::path::PathBuf;

use super::images::ImageSet;
use crate::error::DataError;
use crate::formats::idx::IdxArray;

/// The name of the embedded set.
pub(crate) const NAME: &str = "digits";

macro_rules! embedded {
    ($file:literal, $rank:literal) => {
        IdxArray::read(&include_bytes!(concat!("../../data/", $file))[..], $rank)
            .map_err(|problem| DataError::Idx { path: PathBuf::from($file), problem })
    };
}

/// Returns 5 000 digits of MNIST's training set, `[1, 28, 28]`, 500 of each class, sorted by class.
///
/// # Errors
/// Never fails in a build whose tests pass, because the files are compiled in.
pub fn digits() -> Result<ImageSet, DataError> {
    let images = embedded!("digits-images-idx3-ubyte.gz", 3)?;
    let labels = embedded!("digits-labels-idx1-ubyte.gz", 1)?;
    ImageSet::from_idx(NAME, images, labels)
}

/// Returns 2 000 digits of MNIST's test set, `[1, 28, 28]`, 200 of each class, evenly spread over
/// it, sorted by class.
///
/// # Errors
/// Never fails in a build whose tests pass, because the files are compiled in.
pub fn test_digits() -> Result<ImageSet, DataError> {
    let images = embedded!("digits-test-images-idx3-ubyte.gz", 3)?;
    let labels = embedded!("digits-test-labels-idx1-ubyte.gz", 1)?;
    ImageSet::from_idx(NAME, images, labels)
}
