//! Loading a named data set: found under the data root or where others keep it, unpacked, checked, joined.

use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, Entry, Item, Kind, Split};
use crate::content::Content;
use crate::embedded;
use crate::error::DataError;
use crate::images::ImageSet;
use crate::pictures;
use crate::root::DataRoot;

/// What `verify` found out about a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileStatus {
    /// There, and what it should be: of the original's length, and sum where it is known.
    Good {
        /// Where it is.
        path: PathBuf,
    },
    /// Not there, neither unpacked nor as .gz.
    Missing,
    /// There, but not the original's content or not readable.
    Wrong {
        /// What is wrong, with its path.
        error: DataError,
    },
}

/// Loads one split of a data set. Files may be packed or not; their content must be the original's.
///
/// A file is looked for in the set's own folder below the root, then in the entry's
/// [`layouts`](Entry::layouts), then its [`npz`](Entry::npz); the first that is there counts.
///
/// # Errors
/// - [`DataError::UnknownDataset`], [`DataError::NoSplit`]: nothing of that name.
/// - [`DataError::MissingRoot`], [`DataError::MissingFile`]: not fetched yet.
/// - [`DataError::WrongFile`]: a file of another length, SHA-256 or form, or a broken .gz.
/// - [`DataError::ByHand`]: pictures that are not there, and where to get them.
/// - [`DataError::Io`]: a file that cannot be read.
/// - Of sets of pictures, as [`load_folder`](crate::load_folder).
pub fn load(
    name: &str,
    split: Split,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<ImageSet, DataError> {
    let entry = catalog.get(name)?;
    let part = entry.split(split)?;
    if entry.kind == Kind::Embedded {
        return load_embedded(entry, part.count);
    }
    if entry.kind.is_pictures() {
        return pictures::load(entry, split, entry.shape, root);
    }
    let mut content = Content::default();
    for item in part.items(entry.kind, split) {
        let Some(path) = locate(entry, &item.file.name, root)? else {
            return Err(root.missing(entry, &item.file.name));
        };
        content.read(entry, item, &path)?;
    }
    ImageSet::new(name, entry.shape, content.pixels, content.labels)
}

/// Checks every file of a data set, in the order of [`Entry::files`]; empty for an embedded one. Of a set of
/// pictures, the folder of each split, by the number of pictures in it.
///
/// # Errors
/// [`DataError::UnknownDataset`]; what is wrong with a file is in its [`FileStatus`].
pub fn verify(
    name: &str,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<Vec<(String, FileStatus)>, DataError> {
    let entry = catalog.get(name)?;
    if entry.kind.is_pictures() {
        return Ok(pictures::verify(entry, root));
    }
    let statuses = entry.items().map(|item| (item.file.name.clone(), status(entry, item, root)));
    Ok(statuses.collect())
}

pub(crate) fn status(entry: &Entry, item: Item<'_>, root: &DataRoot) -> FileStatus {
    match locate(entry, &item.file.name, root) {
        Ok(None) => FileStatus::Missing,
        Err(error) => FileStatus::Wrong { error },
        Ok(Some(path)) => match Content::default().read(entry, item, &path) {
            Ok(()) => FileStatus::Good { path },
            Err(error) => FileStatus::Wrong { error },
        },
    }
}

/// The file as it is there: in the first folder that has it, unpacked if possible, else packed; else the .npz that
/// stands in for it.
fn locate(entry: &Entry, file: &str, root: &DataRoot) -> Result<Option<PathBuf>, DataError> {
    for directory in root.directories(entry) {
        for path in [directory.join(file), directory.join(format!("{file}.gz"))] {
            if exists(&path)? {
                return Ok(Some(path));
            }
        }
    }
    let npz = entry.npz.as_ref().map(|npz| root.join(npz));
    match npz {
        Some(path) if exists(&path)? => Ok(Some(path)),
        _ => Ok(None),
    }
}

fn exists(path: &Path) -> Result<bool, DataError> {
    path.try_exists().map_err(DataError::io("look for", path))
}

fn load_embedded(entry: &Entry, count: usize) -> Result<ImageSet, DataError> {
    let contradiction = |what, found: String, expected: String| {
        Err(DataError::Contradiction { name: entry.name.clone(), what, found, expected })
    };
    if entry.name != embedded::DIGITS {
        return contradiction("the embedded set", entry.name.clone(), embedded::DIGITS.into());
    }
    let set = embedded::digits()?;
    // The file is compiled in; this vouches for the catalogue.
    if set.shape() != entry.shape {
        let (found, expected) = (format!("{:?}", set.shape()), format!("{:?}", entry.shape));
        return contradiction("the images' shape", found, expected);
    }
    if set.len() != count {
        return contradiction("the number of images", set.len().to_string(), count.to_string());
    }
    Ok(set)
}
