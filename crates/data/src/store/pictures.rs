//! Sets of pictures in the catalogue: located and counted. Each picture is checked when it is
//! decoded.

use std::path::PathBuf;

use super::root::DataRoot;
use crate::catalog::{Entry, Format, PictureSplit};
use crate::error::DataError;
use crate::sets::folder::{Listing, load_folder};
use crate::sets::images::ImageSet;
use crate::sets::pairs::{Half, PairedSet};
use crate::split::Split;

/// Loads one split of a set of pictures as images of `shape`, which may differ from the entry's.
pub(super) fn load(
    entry: &Entry,
    split: Split,
    shape: [usize; 3],
    root: &DataRoot,
) -> Result<ImageSet, DataError> {
    if matches!(entry.format, Format::Pairs(_)) {
        return Err(DataError::Paired { name: entry.name.clone() });
    }
    Ok(load_folder(&locate(entry, split, root)?, shape)?.named(&entry.name))
}

/// Loads one split of a set of pairs, each half scaled to `shape`.
pub(super) fn load_pairs(
    entry: &Entry,
    split: Split,
    condition: Half,
    shape: [usize; 3],
    root: &DataRoot,
) -> Result<PairedSet, DataError> {
    if !matches!(entry.format, Format::Pairs(_)) {
        return Err(DataError::NotPaired { name: entry.name.clone() });
    }
    PairedSet::from_halves(&locate(entry, split, root)?, condition, shape)
}

/// Returns the folder of a split, which must hold as many pictures as the catalogue names.
pub(crate) fn locate(entry: &Entry, split: Split, root: &DataRoot) -> Result<PathBuf, DataError> {
    let expected = entry.count(split)?;
    let part = match &entry.format {
        Format::Folder(set) | Format::Pairs(set) => set.splits.get(&split),
        _ => None,
    };
    let folders = root.directories(entry).into_iter();
    let folders = folders.map(|directory| match part.and_then(|part| part.folder.as_ref()) {
        Some(folder) => directory.join(folder),
        None => directory,
    });
    let Some(path) = folders.into_iter().find(|folder| folder.is_dir()) else {
        return Err(by_hand(entry, root));
    };
    let found = Listing::of(&path)?.files.len();
    if found != expected {
        return Err(DataError::Contradiction {
            name: path.display().to_string(),
            what: "the number of pictures",
            found: found.to_string(),
            expected: format!("{expected} as {} has", entry.name),
        });
    }
    Ok(path)
}

/// Returns the error that says where a set is available and where its pictures belong.
pub(crate) fn by_hand(entry: &Entry, root: &DataRoot) -> DataError {
    let own = root.directory(&entry.name);
    let folder = |split: &PictureSplit| match &split.folder {
        Some(folder) => own.join(folder),
        None => own.clone(),
    };
    let directories = match &entry.format {
        Format::Folder(set) | Format::Pairs(set) => set.splits.values().map(folder).collect(),
        _ => Vec::new(),
    };
    DataError::ByHand {
        dataset: entry.name.clone(),
        source_page: entry.source.clone(),
        splits: entry.splits().iter().map(Split::to_string).collect(),
        directories,
    }
}
