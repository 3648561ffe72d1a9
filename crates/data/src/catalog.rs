//! The catalogue of data sets: `datasets.toml`, parsed and checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fmt, fs};

use serde::Deserialize;

use crate::error::DataError;

mod check;

/// The environment variable that names a file of entries.
const VARIABLE: &str = "EBM_CATALOG";

/// The data sets that can be named.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    entries: BTreeMap<String, Entry>,
}

/// One data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// The name, also of its folder under the data root.
    #[serde(skip)]
    pub name: String,
    /// One line for lists.
    pub description: String,
    /// Where its images come from.
    pub kind: Kind,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// Number of classes; labels are below it.
    pub classes: u16,
    /// Under which terms it may be used.
    pub licence: String,
    /// The paper to cite.
    pub citation: String,
    /// Its home page.
    pub source: String,
    /// Addresses of folders that hold the archives, in the order to be tried.
    #[serde(default)]
    pub mirrors: Vec<String>,
    /// Other folders that may hold the files, in the order to be looked into: below the data root, below the
    /// user's home (`~/…`), or absolute.
    #[serde(default)]
    pub layouts: Vec<String>,
    /// An .npz as Keras caches it (`x_train`, `y_train`, `x_test`, `y_test`), which may stand in for all files: below
    /// the data root, below the user's home (`~/…`), or absolute.
    pub npz: Option<String>,
    /// The one archive that holds all files, if they are not published one by one.
    pub tarball: Option<Tarball>,
    /// Its parts.
    pub splits: BTreeMap<Split, SplitEntry>,
}

/// Where a data set's images come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// Compiled into this crate.
    Embedded,
    /// IDX files, pixels and classes apart: the format of MNIST.
    Idx,
    /// Records of one byte of class and one image, in planes: CIFAR-10's binary version.
    Cifar,
    /// A MATLAB 5 file of images and classes: SVHN's cropped digits.
    Mat,
    /// Folders of pictures, brought by hand, scaled to the shape.
    Folder,
    /// Folders of pictures that show a condition and an image side by side, brought by hand.
    Pairs,
}

impl Kind {
    /// Whether its files are pictures that the user brings.
    pub(crate) fn is_pictures(self) -> bool {
        matches!(self, Self::Folder | Self::Pairs)
    }
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// To learn from.
    Train,
    /// To judge by.
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Test => "test",
        })
    }
}

/// One split of a data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SplitEntry {
    /// Number of images.
    pub count: usize,
    /// Its files, of a set of IDX files.
    pub files: Option<SplitFiles>,
    /// Its files in the order of the images, of a set of CIFAR's kind; the one file of a set of MATLAB's.
    #[serde(default)]
    pub batches: Vec<FileEntry>,
    /// The folder of its pictures within the set's, of a set of pictures; none if that is the set's own.
    pub folder: Option<String>,
}

/// The two IDX files of a split.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SplitFiles {
    /// Pixels, IDX of rank 3.
    pub images: FileEntry,
    /// Classes, IDX of rank 1.
    pub labels: FileEntry,
}

/// One file of a data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileEntry {
    /// Name without .gz.
    pub name: String,
    /// Length unpacked.
    pub bytes: u64,
    /// SHA-256 unpacked, lower-case hexadecimal, if it is known.
    pub sha256: Option<String>,
    /// The .gz as published; none if the file comes in the set's [`Tarball`], or as it is.
    pub archive: Option<Archive>,
}

/// A .tar.gz that holds all files of a set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tarball {
    /// Its name.
    pub name: String,
    /// The folder inside that holds the files.
    pub folder: String,
    /// The .tar.gz as published.
    pub archive: Archive,
}

/// What was published.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Archive {
    /// Length packed.
    pub bytes: u64,
    /// SHA-256 packed, lower-case hexadecimal.
    pub sha256: String,
}

impl Catalog {
    /// The catalogue compiled into this crate.
    ///
    /// # Errors
    /// None in a build whose tests pass: the file is compiled in.
    pub fn embedded() -> Result<Self, DataError> {
        Self::from_toml(include_str!("../datasets.toml"))
    }

    /// The catalogue the user means: the embedded one, with the entries of `flag` (`--catalog`), else of the file that
    /// the environment's `EBM_CATALOG` names, besides its own or instead of those of the same name.
    ///
    /// # Errors
    /// [`DataError::Io`], or [`DataError::CatalogFile`] that names the file and what is wrong with it.
    pub fn resolve(flag: Option<PathBuf>) -> Result<Self, DataError> {
        // An empty variable is one that was meant to be unset.
        let variable =
            || env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let mut catalog = Self::embedded()?;
        if let Some(path) = flag.or_else(variable) {
            let text = fs::read_to_string(&path).map_err(DataError::io("read", &path))?;
            let more = Self::from_toml(&text)
                .map_err(|problem| DataError::CatalogFile { path, problem: Box::new(problem) })?;
            catalog.entries.extend(more.entries);
        }
        Ok(catalog)
    }

    /// Parses a catalogue of the same form as `datasets.toml`.
    ///
    /// # Errors
    /// [`DataError::CatalogSyntax`] for unknown or missing keys, [`DataError::CatalogEntry`] for
    /// values that contradict each other.
    pub fn from_toml(text: &str) -> Result<Self, DataError> {
        let mut entries: BTreeMap<String, Entry> = toml::from_str(text)?;
        for (name, entry) in &mut entries {
            entry.name.clone_from(name);
            entry.check()?;
        }
        Ok(Self { entries })
    }

    /// The data set of that name.
    ///
    /// # Errors
    /// [`DataError::UnknownDataset`], which lists the known names.
    pub fn get(&self, name: &str) -> Result<&Entry, DataError> {
        self.entries.get(name).ok_or_else(|| DataError::UnknownDataset {
            name: name.to_owned(),
            known: self.entries.keys().cloned().collect(),
        })
    }

    /// All data sets, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }
}

impl Entry {
    /// The split of that kind.
    ///
    /// # Errors
    /// [`DataError::NoSplit`], which lists the splits there are.
    pub fn split(&self, split: Split) -> Result<&SplitEntry, DataError> {
        self.splits.get(&split).ok_or_else(|| DataError::NoSplit {
            name: self.name.clone(),
            split,
            known: self.splits.keys().copied().collect(),
        })
    }

    /// All files, images before labels, the training split first; none if embedded.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.items().map(|item| item.file)
    }

    /// All files and what each holds, in the order of [`files`](Self::files).
    pub(crate) fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.splits.iter().flat_map(|(&split, part)| part.items(self.kind, split))
    }
}

impl FileEntry {
    /// Under which name and as what a file is published by itself: packed, or as it is.
    pub(crate) fn published(&self) -> Option<(String, Archive)> {
        match (&self.archive, &self.sha256) {
            (Some(archive), _) => Some((format!("{}.gz", self.name), archive.clone())),
            (None, Some(sha256)) => {
                Some((self.name.clone(), Archive { bytes: self.bytes, sha256: sha256.clone() }))
            }
            (None, None) => None,
        }
    }
}

impl SplitEntry {
    /// Its files and what each holds.
    pub(crate) fn items(&self, kind: Kind, split: Split) -> impl Iterator<Item = Item<'_>> {
        let (count, files) = (self.count, self.files.iter());
        let idx = files.flat_map(move |files| {
            [(Part::Images(count), &files.images), (Part::Labels(count), &files.labels)]
        });
        let part = if kind == Kind::Mat { Part::Matrices(count) } else { Part::Records };
        let batches = self.batches.iter().map(move |file| (part, file));
        idx.chain(batches).map(move |(part, file)| Item { split, part, file })
    }
}

/// A file and what it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) split: Split,
    pub(crate) part: Part,
    pub(crate) file: &'a FileEntry,
}

/// What a file holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// The pixels of this many images, IDX of rank 3.
    Images(usize),
    /// The classes of this many images, IDX of rank 1.
    Labels(usize),
    /// Classes and pixels, CIFAR's records.
    Records,
    /// Pixels and classes of this many images, MATLAB's matrices.
    Matrices(usize),
}
