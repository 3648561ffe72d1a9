//! The state of each file of a data set: present or missing, right or wrong.

use std::path::{Path, PathBuf};

use super::content::Content;
use super::pictures;
use super::root::DataRoot;
use crate::catalog::{Catalog, Entry, Format, Item};
use crate::error::DataError;

/// The state of a file of a data set.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileStatus {
    /// The file has the original's length, and its SHA-256 where that is known.
    Good {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file exists neither unpacked nor as .gz.
    Missing,
    /// The file cannot be read, or its content differs from the original's.
    Wrong {
        /// The error, which names the path.
        error: DataError,
    },
}

/// Checks every file of a data set, in the order of [`Entry::files`]; none of an embedded one. Of a
/// set of pictures, it checks the folder of each split by the number of pictures in it.
///
/// # Errors
/// [`DataError::UnknownDataset`]. The fault of a file is in its [`FileStatus`].
pub fn verify(
    name: &str,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<Vec<(String, FileStatus)>, DataError> {
    let entry = catalog.get(name)?;
    if let Format::Folder(set) | Format::Pairs(set) = &entry.format {
        let splits = set.splits.keys().map(|&split| {
            let status = match pictures::locate(entry, split, root) {
                Ok(path) => FileStatus::Good { path },
                Err(DataError::ByHand { .. }) => FileStatus::Missing,
                Err(error) => FileStatus::Wrong { error },
            };
            (format!("the pictures of {split}"), status)
        });
        return Ok(splits.collect());
    }
    let items = entry.items().into_iter();
    Ok(items.map(|item| (item.file.name.clone(), status(entry, item, root))).collect())
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

/// Finds a file: in the first folder that has it, unpacked if possible, else packed; else the .npz
/// that stands in for it.
pub(super) fn locate(
    entry: &Entry,
    file: &str,
    root: &DataRoot,
) -> Result<Option<PathBuf>, DataError> {
    for directory in root.directories(entry) {
        for path in [directory.join(file), directory.join(format!("{file}.gz"))] {
            if exists(&path)? {
                return Ok(Some(path));
            }
        }
    }
    let npz = match &entry.format {
        Format::Idx(set) => set.npz.as_ref().map(|npz| root.join(npz)),
        _ => None,
    };
    match npz {
        Some(path) if exists(&path)? => Ok(Some(path)),
        _ => Ok(None),
    }
}

fn exists(path: &Path) -> Result<bool, DataError> {
    path.try_exists().map_err(DataError::io("look for", path))
}
