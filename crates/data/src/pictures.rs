//! Sets of pictures that the catalogue names: found, counted, decoded, judged.

use std::path::PathBuf;

use crate::catalog::{Catalog, Entry, Kind, Split};
use crate::error::DataError;
use crate::fetch::Progress;
use crate::folder::{Listing, load_folder};
use crate::images::ImageSet;
use crate::load::FileStatus;
use crate::pairs::{Half, PairedSet};
use crate::root::DataRoot;

/// Loads one split of a set of pairs; `condition` says which half of each picture it is.
///
/// # Errors
/// - [`DataError::UnknownDataset`], [`DataError::NoSplit`], [`DataError::NotPaired`]: nothing of that name.
/// - [`DataError::ByHand`]: not there; it says where to get it.
/// - [`DataError::Contradiction`]: another number of pictures than the catalogue names.
/// - As [`load_folder`].
pub fn load_pairs(
    name: &str,
    split: Split,
    condition: Half,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<PairedSet, DataError> {
    let entry = catalog.get(name)?;
    pairs_of(entry, split, condition, entry.shape, root)
}

/// The same, each half scaled to `shape`.
pub(crate) fn pairs_of(
    entry: &Entry,
    split: Split,
    condition: Half,
    shape: [usize; 3],
    root: &DataRoot,
) -> Result<PairedSet, DataError> {
    if entry.kind != Kind::Pairs {
        return Err(DataError::NotPaired { name: entry.name.clone() });
    }
    PairedSet::from_halves(&locate(entry, split, root)?, condition, shape)
}

/// Loads one split of a set of pictures as images of `shape`, which may be another than the entry's.
pub(crate) fn load(
    entry: &Entry,
    split: Split,
    shape: [usize; 3],
    root: &DataRoot,
) -> Result<ImageSet, DataError> {
    if entry.kind == Kind::Pairs {
        return Err(DataError::Paired { name: entry.name.clone() });
    }
    Ok(load_folder(&locate(entry, split, root)?, shape)?.named(&entry.name))
}

/// What is there of each split, judged by the number of its pictures: each is judged when it is decoded.
pub(crate) fn verify(entry: &Entry, root: &DataRoot) -> Vec<(String, FileStatus)> {
    let status = |split| match locate(entry, split, root) {
        Ok(path) => FileStatus::Good { path },
        Err(DataError::ByHand { .. }) => FileStatus::Missing,
        Err(error) => FileStatus::Wrong { error },
    };
    let splits = entry.splits.keys();
    splits.map(|&split| (format!("the pictures of {split}"), status(split))).collect()
}

/// Says what is there, or where to get what is not: no program may download these.
pub(crate) fn fetch(
    entry: &Entry,
    root: &DataRoot,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), DataError> {
    for &split in entry.splits.keys() {
        let path = locate(entry, split, root)?;
        progress(Progress::Present { file: &format!("{split}"), path: &path });
    }
    Ok(())
}

/// The folder of a split that is there, with as many pictures as the catalogue names.
fn locate(entry: &Entry, split: Split, root: &DataRoot) -> Result<PathBuf, DataError> {
    let part = entry.split(split)?;
    let folders = root.directories(entry).into_iter().map(|directory| match &part.folder {
        Some(folder) => directory.join(folder),
        None => directory,
    });
    let folders: Vec<PathBuf> = folders.collect();
    let Some(path) = folders.iter().find(|folder| folder.is_dir()) else {
        return Err(by_hand(entry, root));
    };
    let found = Listing::of(path)?.files.len();
    if found != part.count {
        return Err(DataError::Contradiction {
            name: path.display().to_string(),
            what: "the number of pictures",
            found: found.to_string(),
            expected: format!("{} as {} has", part.count, entry.name),
        });
    }
    Ok(path.clone())
}

/// Where all that belongs to a set is to be had, and to be put.
pub(crate) fn by_hand(entry: &Entry, root: &DataRoot) -> DataError {
    let own = root.directory(&entry.name);
    let place = |folder: &Option<String>| match folder {
        Some(folder) => own.join(folder),
        None => own.clone(),
    };
    DataError::ByHand {
        dataset: entry.name.clone(),
        source_page: entry.source.clone(),
        splits: entry.splits.keys().map(Split::to_string).collect(),
        directories: entry.splits.values().map(|split| place(&split.folder)).collect(),
    }
}
