//! What a user calls a data set: a name of the catalogue or a path.

use std::path::{Path, PathBuf};

use crate::arrays::load_arrays;
use crate::catalog::{Catalog, Kind, Split};
use crate::error::DataError;
use crate::folder::load_folder;
use crate::images::ImageSet;
use crate::load::load;
use crate::pairs::{Half, PairedSet};
use crate::pictures;
use crate::root::{DataRoot, expand};

/// Channels of pictures, unless something else is said.
const COLOURS: usize = 3;

/// Which images are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// A name of the catalogue, or a path: what begins with `.` or holds a separator. `~/` is the user's home.
    pub set: &'a str,
    /// The part; none is the test split where there is one, else the training split.
    pub split: Option<Split>,
    /// Height and width that pictures of any size are scaled to; images of one size keep it.
    pub side: Option<usize>,
    /// 1 for grey and 3 for colours, of pictures; other images keep theirs.
    pub channels: Option<usize>,
}

/// Loads what is selected, and says which split it is.
///
/// A path may name a folder of pictures, as [`load_folder`] reads it. If there are folders `train` or
/// `test` in it, these are its splits; otherwise all of it is the training split. Or it names an .npy or .npz file,
/// as [`load_arrays`] reads it.
///
/// # Errors
/// As [`load`], [`load_folder`] and [`load_arrays`], and
/// - [`DataError::NoSide`]: pictures whose side is not said.
/// - [`DataError::NoSuchSet`]: a path at which there is no data set.
pub fn open(
    selection: &Selection<'_>,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<(ImageSet, Split), DataError> {
    if let Some(path) = as_path(selection.set) {
        return open_path(selection, path);
    }
    let entry = catalog.get(selection.set)?;
    let split = choose(selection.split, entry.splits.contains_key(&Split::Test));
    if entry.kind != Kind::Folder {
        return Ok((load(selection.set, split, root, catalog)?, split));
    }
    let [channels, height, width] = entry.shape;
    let [height, width] = selection.side.map_or([height, width], |side| [side; 2]);
    let shape = [selection.channels.unwrap_or(channels), height, width];
    Ok((pictures::load(entry, split, shape, root)?, split))
}

/// Loads selected pairs: of the catalogue, or pictures in a folder that show pairs side by side. `condition` is the half
/// that is the condition. Folders and splits are those of [`open`].
///
/// # Errors
/// As [`open`] and [`load_pairs`](crate::load_pairs).
pub fn open_pairs(
    selection: &Selection<'_>,
    condition: Half,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<(PairedSet, Split), DataError> {
    if let Some(path) = as_path(selection.set) {
        if !path.is_dir() {
            return Err(DataError::NoSuchSet { path });
        }
        let (folder, split, shape) = part_of(selection, &path)?;
        return Ok((PairedSet::from_halves(&folder, condition, shape)?, split));
    }
    let entry = catalog.get(selection.set)?;
    let split = choose(selection.split, entry.splits.contains_key(&Split::Test));
    let [channels, height, width] = entry.shape;
    let [height, width] = selection.side.map_or([height, width], |side| [side; 2]);
    let shape = [selection.channels.unwrap_or(channels), height, width];
    Ok((pictures::pairs_of(entry, split, condition, shape, root)?, split))
}

fn open_path(selection: &Selection<'_>, path: PathBuf) -> Result<(ImageSet, Split), DataError> {
    if !path.is_dir() {
        let is = |known: &str| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(known));
        if is("npz") || is("npy") {
            return load_arrays(&path, selection.split);
        }
        return Err(DataError::NoSuchSet { path });
    }
    let (folder, split, shape) = part_of(selection, &path)?;
    Ok((load_folder(&folder, shape)?.named(selection.set), split))
}

/// The folder of the split, the split and the shape that are selected at a path.
fn part_of(
    selection: &Selection<'_>,
    path: &Path,
) -> Result<(PathBuf, Split, [usize; 3]), DataError> {
    let part = |split: Split| Some(path.join(split.to_string())).filter(|path| path.is_dir());
    let (train, test) = (part(Split::Train), part(Split::Test));
    let split = choose(selection.split, test.is_some());
    let folder = match (split, train, test) {
        (Split::Train, Some(folder), _) | (Split::Test, _, Some(folder)) => folder,
        (Split::Train, None, None) => path.to_path_buf(),
        (split, ..) => {
            let known = if split == Split::Train { Split::Test } else { Split::Train };
            return Err(DataError::NoSplit {
                name: selection.set.into(),
                split,
                known: vec![known],
            });
        }
    };
    let Some(side) = selection.side else {
        return Err(DataError::NoSide { path: path.to_path_buf() });
    };
    Ok((folder, split, [selection.channels.unwrap_or(COLOURS), side, side]))
}

fn choose(asked: Option<Split>, has_test: bool) -> Split {
    asked.unwrap_or(if has_test { Split::Test } else { Split::Train })
}

/// The path that a data set's name is, if it is one; names of the catalogue have no separators.
fn as_path(set: &str) -> Option<PathBuf> {
    let is_path = set.starts_with('.') || set.contains(std::path::is_separator);
    is_path.then(|| expand(Path::new(set)))
}
