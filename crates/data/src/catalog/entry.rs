//! Entries of the catalogue.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::DataError;
use crate::split::Split;

/// One data set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The name, also of its folder under the data root.
    pub name: String,
    /// One line for lists.
    pub description: String,
    /// The channels, height and width of an image.
    pub shape: [usize; 3],
    /// The number of classes; labels are below it.
    pub classes: u16,
    /// The terms of use.
    pub licence: String,
    /// The paper to cite.
    pub citation: String,
    /// The home page.
    pub source: String,
    /// The other folders that may hold the files, in the order of the search: below the data root,
    /// below the user's home (`~/…`), or absolute.
    pub layouts: Vec<String>,
    /// The format of the files, and their description.
    pub format: Format,
}

/// The format of a data set's files, and their description.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// A set compiled into this crate (`embedded`).
    Embedded(EmbeddedSet),
    /// A set of pairs of IDX files, images and labels: the format of MNIST (`idx`).
    Idx(IdxSet),
    /// A set of records, each one byte of class and one image in planes: the binary format of
    /// CIFAR-10 (`records`).
    Records(RecordsSet),
    /// A set of MATLAB 5 files of images and classes: the format of SVHN's cropped digits
    /// (`matlab`).
    Mat(MatSet),
    /// A set of folders of pictures, which the user copies, scaled to the shape (`folder`).
    Folder(PictureSet),
    /// A set of folders of pictures that show a condition and an image side by side, which the user
    /// copies (`pairs`).
    Pairs(PictureSet),
}

/// A set compiled into this crate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EmbeddedSet {
    /// The number of images of each split.
    pub splits: BTreeMap<Split, usize>,
}

/// A set of IDX files, each published as a .gz.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IdxSet {
    /// The addresses of folders that hold the .gz files, in the order of attempts.
    pub mirrors: Vec<String>,
    /// An .npz as Keras caches it (`x_train`, `y_train`, `x_test`, `y_test`), which may replace all
    /// files: below the data root, below the user's home (`~/…`), or absolute.
    pub npz: Option<String>,
    /// The parts of the set.
    pub splits: BTreeMap<Split, IdxSplit>,
}

/// One split of a set of IDX files.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IdxSplit {
    /// The number of images.
    pub count: usize,
    /// The pixels, IDX of rank 3.
    pub images: FileEntry,
    /// The classes, IDX of rank 1.
    pub labels: FileEntry,
}

/// A set of files of records, published in one .tar.gz.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordsSet {
    /// The addresses of folders that hold the .tar.gz, in the order of attempts.
    pub mirrors: Vec<String>,
    /// The archive of all files.
    pub tarball: Tarball,
    /// The parts of the set.
    pub splits: BTreeMap<Split, RecordsSplit>,
}

/// One split of a set of files of records.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordsSplit {
    /// The number of images.
    pub count: usize,
    /// The files, in the order of the images.
    pub files: Vec<FileEntry>,
}

/// A set of MATLAB files, published as they are.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MatSet {
    /// The addresses of folders that hold the files, in the order of attempts.
    pub mirrors: Vec<String>,
    /// The parts of the set.
    pub splits: BTreeMap<Split, MatSplit>,
}

/// One split of a set of MATLAB files.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MatSplit {
    /// The number of images.
    pub count: usize,
    /// The file of images and classes.
    pub file: FileEntry,
}

/// A set of pictures that no program may download.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PictureSet {
    /// The parts of the set.
    pub splits: BTreeMap<Split, PictureSplit>,
}

/// One split of a set of pictures.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PictureSplit {
    /// The number of pictures.
    pub count: usize,
    /// The folder of the pictures within the set's; `None` if they lie in the set's own.
    pub folder: Option<String>,
}

/// One file of a data set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileEntry {
    /// The name without .gz.
    pub name: String,
    /// The length, unpacked.
    pub bytes: u64,
    /// The SHA-256 of the unpacked file, lower-case hexadecimal, if it is known.
    pub sha256: Option<String>,
    /// The form in which it is published.
    pub published: Published,
}

/// The form in which a file is published.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Published {
    /// A .gz of the file.
    Gzip(Archive),
    /// A member of the set's [`Tarball`].
    Tarball,
    /// The file itself: its length and its checksum are those of the download.
    Plain,
}

/// A .tar.gz that holds all files of a set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tarball {
    /// The name.
    pub name: String,
    /// The folder inside that holds the files.
    pub folder: String,
    /// The .tar.gz as published.
    pub archive: Archive,
}

/// A published archive.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Archive {
    /// The length, packed.
    pub bytes: u64,
    /// The SHA-256 of the packed file, lower-case hexadecimal.
    pub sha256: String,
}

impl Entry {
    /// Returns the splits of the set.
    pub fn splits(&self) -> Vec<Split> {
        match &self.format {
            Format::Embedded(set) => set.splits.keys().copied().collect(),
            Format::Idx(set) => set.splits.keys().copied().collect(),
            Format::Records(set) => set.splits.keys().copied().collect(),
            Format::Mat(set) => set.splits.keys().copied().collect(),
            Format::Folder(set) | Format::Pairs(set) => set.splits.keys().copied().collect(),
        }
    }

    /// Returns the number of images of a split.
    ///
    /// # Errors
    /// [`DataError::NoSplit`], which lists the splits of the set.
    pub fn count(&self, split: Split) -> Result<usize, DataError> {
        let count = match &self.format {
            Format::Embedded(set) => set.splits.get(&split).copied(),
            Format::Idx(set) => set.splits.get(&split).map(|split| split.count),
            Format::Records(set) => set.splits.get(&split).map(|split| split.count),
            Format::Mat(set) => set.splits.get(&split).map(|split| split.count),
            Format::Folder(set) | Format::Pairs(set) => {
                set.splits.get(&split).map(|split| split.count)
            }
        };
        count.ok_or_else(|| DataError::NoSplit {
            name: self.name.clone(),
            split,
            known: self.splits(),
        })
    }

    /// Returns all files, images before labels, the training split first; none of embedded sets and
    /// of pictures.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.items().into_iter().map(|item| item.file)
    }

    /// Returns the addresses of folders that hold the published files, in the order of attempts.
    pub fn mirrors(&self) -> &[String] {
        match &self.format {
            Format::Idx(set) => &set.mirrors,
            Format::Records(set) => &set.mirrors,
            Format::Mat(set) => &set.mirrors,
            Format::Embedded(_) | Format::Folder(_) | Format::Pairs(_) => &[],
        }
    }

    /// Returns the one archive of all files, if the set is published so.
    pub fn tarball(&self) -> Option<&Tarball> {
        match &self.format {
            Format::Records(set) => Some(&set.tarball),
            _ => None,
        }
    }

    /// Returns all files and their contents, in the order of [`files`](Self::files).
    pub(crate) fn items(&self) -> Vec<Item<'_>> {
        self.splits().into_iter().flat_map(|split| self.items_of(split)).collect()
    }

    /// Returns the files of a split and their contents, in the order of the images.
    pub(crate) fn items_of(&self, split: Split) -> Vec<Item<'_>> {
        let item = move |part, file| Item { split, part, file };
        match &self.format {
            Format::Embedded(_) | Format::Folder(_) | Format::Pairs(_) => Vec::new(),
            Format::Idx(set) => set.splits.get(&split).map_or_else(Vec::new, |part| {
                let (images, labels) = (Part::Images(part.count), Part::Labels(part.count));
                vec![item(images, &part.images), item(labels, &part.labels)]
            }),
            Format::Records(set) => {
                let files = set.splits.get(&split).into_iter().flat_map(|part| &part.files);
                files.map(|file| item(Part::Records, file)).collect()
            }
            Format::Mat(set) => {
                let parts = set.splits.get(&split).into_iter();
                parts.map(|part| item(Part::Matrices(part.count), &part.file)).collect()
            }
        }
    }
}

impl FileEntry {
    /// Returns the name and the description of the download of a file that is published by itself.
    pub(crate) fn download(&self) -> Option<(String, Archive)> {
        match (&self.published, &self.sha256) {
            (Published::Gzip(archive), _) => Some((format!("{}.gz", self.name), archive.clone())),
            (Published::Plain, Some(sha256)) => {
                Some((self.name.clone(), Archive { bytes: self.bytes, sha256: sha256.clone() }))
            }
            (Published::Plain, None) | (Published::Tarball, _) => None,
        }
    }
}

/// A file and its content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) split: Split,
    pub(crate) part: Part,
    pub(crate) file: &'a FileEntry,
}

/// The content of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// The pixels of this many images, IDX of rank 3.
    Images(usize),
    /// The classes of this many images, IDX of rank 1.
    Labels(usize),
    /// Classes and pixels, CIFAR's records.
    Records,
    /// The pixels and classes of this many images, MATLAB's matrices.
    Matrices(usize),
}
