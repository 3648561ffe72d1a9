//! The catalogue of data sets: `datasets.toml`, parsed and checked.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::error::DataError;

mod check;

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
    /// Other folders that may hold the files, in the order to be looked into: below the data root, or
    /// absolute.
    #[serde(default)]
    pub layouts: Vec<String>,
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
    /// Its files in the order of the images, of a set of CIFAR's kind.
    #[serde(default)]
    pub batches: Vec<FileEntry>,
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
    /// The .gz as published; none if the file comes in the set's [`Tarball`].
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
        self.splits.values().flat_map(SplitEntry::items)
    }
}

impl SplitEntry {
    /// Its files and what each holds.
    pub(crate) fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let (count, files) = (self.count, self.files.iter());
        let idx = files.flat_map(move |files| {
            [(Part::Images(count), &files.images), (Part::Labels(count), &files.labels)]
        });
        let batches = self.batches.iter().map(|file| (Part::Records, file));
        idx.chain(batches).map(|(part, file)| Item { part, file })
    }
}

/// A file and what it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
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
}
