//! Data sets as users name them: by a name of the catalogue or by a path.

use std::path::{Path, PathBuf};

use super::load::load;
use super::pictures;
use super::root::{DataRoot, expand};
use crate::catalog::{Catalog, Entry, Format};
use crate::error::DataError;
use crate::sets::arrays::load_arrays;
use crate::sets::folder::load_folder;
use crate::sets::images::ImageSet;
use crate::sets::pairs::{Half, PairedSet};
use crate::split::Split;

/// The channels of pictures at a path, unless others are selected.
const COLOURS: usize = 3;

/// A selection of images.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// A name of the catalogue, or a path, which begins with `.` or holds a separator. `~/` is the
    /// user's home.
    pub set: &'a str,
    /// The split; `None` selects the test split where there is one, else the training split.
    pub split: Option<Split>,
    /// The height and width that pictures of any size are scaled to; images of one size keep it.
    pub side: Option<usize>,
    /// The channels of pictures, 1 for grey and 3 for colours; other images keep theirs.
    pub channels: Option<usize>,
}

impl<'a> Selection<'a> {
    /// Selects the default split of a set, in its own shape.
    pub const fn new(set: &'a str) -> Self {
        Self { set, split: None, side: None, channels: None }
    }

    /// Selects a split.
    pub const fn with_split(self, split: Split) -> Self {
        Self { split: Some(split), ..self }
    }

    /// Selects the side that pictures are scaled to.
    pub const fn with_side(self, side: usize) -> Self {
        Self { side: Some(side), ..self }
    }

    /// Selects the channels of pictures.
    pub const fn with_channels(self, channels: usize) -> Self {
        Self { channels: Some(channels), ..self }
    }

    /// The selected shape of pictures whose entry names another.
    fn shape(&self, entry: &Entry) -> [usize; 3] {
        let [channels, height, width] = entry.shape;
        let [height, width] = self.side.map_or([height, width], |side| [side; 2]);
        [self.channels.unwrap_or(channels), height, width]
    }
}

/// Loads a selection and returns its split.
///
/// A path may name a folder of pictures, as [`load_folder`] reads it. Folders `train` and `test` in
/// it are its splits; without them, all of it is the training split. Or the path names an .npy or
/// .npz file, as [`load_arrays`] reads it.
///
/// # Errors
/// Returns the errors of [`load`], [`load_folder`] and [`load_arrays`], and
/// - [`DataError::NoSide`]: no side was selected for pictures of any size.
/// - [`DataError::NoSuchSet`]: there is no data set at the path.
pub fn open(
    selection: &Selection<'_>,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<(ImageSet, Split), DataError> {
    if let Some(path) = as_path(selection.set) {
        return open_path(selection, path);
    }
    let entry = catalog.get(selection.set)?;
    let split = choose(selection.split, entry.splits().contains(&Split::Test));
    let images = match entry.format {
        Format::Folder(_) => pictures::load(entry, split, selection.shape(entry), root)?,
        _ => load(selection.set, split, root, catalog)?,
    };
    Ok((images, split))
}

/// Loads a selection of pairs and returns its split: pairs of the catalogue, or a folder of
/// pictures that show pairs side by side. `condition` is the half that holds the condition. Folders
/// and splits are those of [`open`].
///
/// # Errors
/// Returns the errors of [`open`] and [`load_pairs`](crate::load_pairs).
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
    let split = choose(selection.split, entry.splits().contains(&Split::Test));
    let shape = selection.shape(entry);
    Ok((pictures::load_pairs(entry, split, condition, shape, root)?, split))
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

/// Returns the folder of the selected split at a path, the split and the shape.
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

/// Returns the path that a selection names, if it names one: names of the catalogue have no
/// separators.
fn as_path(set: &str) -> Option<PathBuf> {
    let is_path = set.starts_with('.') || set.contains(std::path::is_separator);
    is_path.then(|| expand(Path::new(set)))
}
