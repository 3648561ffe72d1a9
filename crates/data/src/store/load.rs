//! Loading a named data set: located under the data root or in other programs' folders, unpacked,
//! checked, joined.

use super::content::Content;
use super::pictures;
use super::root::DataRoot;
use super::status::locate;
use crate::catalog::{Catalog, Entry, Format};
use crate::error::DataError;
use crate::sets::digits::{self, digits, test_digits};
use crate::sets::images::ImageSet;
use crate::sets::pairs::{Half, PairedSet};
use crate::split::Split;

/// Loads one split of a data set. Files may be packed or not; their content must be the original's.
///
/// A file is searched in the set's own folder below the root, then in the entry's
/// [`layouts`](Entry::layouts), then in its [`npz`](crate::IdxSet::npz); the first one found is
/// used.
///
/// # Errors
/// - [`DataError::UnknownDataset`], [`DataError::NoSplit`]: the catalogue has no set or split of
///   that name.
/// - [`DataError::MissingRoot`], [`DataError::MissingFile`]: the set is not there.
/// - [`DataError::WrongFile`]: a file has another length, SHA-256 or form, or is a broken .gz.
/// - [`DataError::ByHand`]: a set of pictures is not there; the error says where it is available.
/// - [`DataError::Io`]: a file cannot be read.
/// - The errors of [`load_folder`](crate::load_folder), for sets of pictures.
pub fn load(
    name: &str,
    split: Split,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<ImageSet, DataError> {
    let entry = catalog.get(name)?;
    let count = entry.count(split)?;
    match &entry.format {
        Format::Embedded(_) => return load_embedded(entry, split, count),
        Format::Folder(_) | Format::Pairs(_) => {
            return pictures::load(entry, split, entry.shape, root);
        }
        Format::Idx(_) | Format::Records(_) | Format::Mat(_) => {}
    }
    let mut content = Content::default();
    for item in entry.items_of(split) {
        let Some(path) = locate(entry, &item.file.name, root)? else {
            return Err(root.missing(entry, &item.file.name));
        };
        content.read(entry, item, &path)?;
    }
    ImageSet::new(name, entry.shape, content.pixels, content.labels)
}

/// Loads one split of a set of pairs; `condition` is the half of each picture that holds the
/// condition.
///
/// # Errors
/// - [`DataError::UnknownDataset`], [`DataError::NoSplit`], [`DataError::NotPaired`]: the catalogue
///   has no such set of pairs.
/// - [`DataError::ByHand`]: the set is not there; the error says where it is available.
/// - [`DataError::Contradiction`]: the number of pictures differs from the catalogue's.
/// - The errors of [`load_folder`](crate::load_folder).
pub fn load_pairs(
    name: &str,
    split: Split,
    condition: Half,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<PairedSet, DataError> {
    let entry = catalog.get(name)?;
    pictures::load_pairs(entry, split, condition, entry.shape, root)
}

fn load_embedded(entry: &Entry, split: Split, count: usize) -> Result<ImageSet, DataError> {
    let contradiction = |what, found: String, expected: String| {
        Err(DataError::Contradiction { name: entry.name.clone(), what, found, expected })
    };
    if entry.name != digits::NAME {
        return contradiction("the embedded set", entry.name.clone(), digits::NAME.into());
    }
    let set = match split {
        Split::Train => digits()?,
        Split::Test => test_digits()?,
    };
    // The files are compiled in; this checks the catalogue.
    if set.shape() != entry.shape {
        let (found, expected) = (format!("{:?}", set.shape()), format!("{:?}", entry.shape));
        return contradiction("the images' shape", found, expected);
    }
    if set.len() != count {
        return contradiction("the number of images", set.len().to_string(), count.to_string());
    }
    Ok(set)
}
