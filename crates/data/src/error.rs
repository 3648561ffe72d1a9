//! The errors between a data set's name and its tensors.

use std::io;
use std::path::{Path, PathBuf};

use ebm_files::FileError;
use thiserror::Error;

use crate::formats::idx::IdxError;
use crate::formats::numpy::ArrayProblem;
use crate::formats::picture::PictureProblem;
use crate::split::Split;

mod files;
mod folder;

pub use files::{FileProblem, MirrorFailure, TarballProblem, TransferError};
pub use folder::FolderProblem;

/// An error of reading or downloading a data set. Messages name the value found and the expected
/// one.
///
/// Advice on how to obtain missing files depends on the calling program, which may match on
/// [`MissingRoot`](Self::MissingRoot), [`MissingFile`](Self::MissingFile),
/// [`WrongFile`](Self::WrongFile), [`WrongTarball`](Self::WrongTarball) and
/// [`Offline`](Self::Offline), which name the data set, and add its advice.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The catalogue has no data set of that name.
    #[error("unknown data set `{name}`; known: {}", known.join(", "))]
    UnknownDataset {
        /// The given name.
        name: String,
        /// The names in the catalogue, sorted.
        known: Vec<String>,
    },

    /// No density in the plane has that name.
    #[error("unknown density `{name}`; known: {}", known.join(", "))]
    UnknownDensity {
        /// The given name.
        name: String,
        /// The names of all densities.
        known: Vec<String>,
    },

    /// The data set has no such split.
    #[error("the data set `{name}` has no {split} split; it has: {}", list(known))]
    NoSplit {
        /// The data set.
        name: String,
        /// The given split.
        split: Split,
        /// The splits of the data set.
        known: Vec<Split>,
    },

    /// The catalogue is not TOML of the expected form.
    #[error("the catalogue of data sets cannot be read: {0}")]
    CatalogSyntax(#[from] toml::de::Error),

    /// The user's file is not a catalogue.
    #[error("{path}: {problem}")]
    CatalogFile {
        /// The file.
        path: PathBuf,
        /// The error of the parser.
        problem: Box<DataError>,
    },

    /// A key of a catalogue's entry does not belong to the entry's format.
    #[error(
        "the catalogue's entry `{name}`: the key {key} does not fit the format {format}, expected one of {}",
        known.join(", ")
    )]
    CatalogKey {
        /// The entry.
        name: String,
        /// The key that does not belong.
        key: &'static str,
        /// The entry's format.
        format: &'static str,
        /// The keys of that format.
        known: Vec<&'static str>,
    },

    /// A value in a catalogue's entry is missing, or contradicts another.
    #[error("the catalogue's entry `{name}`: {field} is {found}, expected {expected}")]
    CatalogEntry {
        /// The entry.
        name: String,
        /// The key whose value is wrong.
        field: &'static str,
        /// The wrong value.
        found: String,
        /// The values that fit.
        expected: String,
    },

    /// No folder for data sets was named, and this user has no home directory.
    #[error(
        "no folder for data sets: none was given, EBM_DATA is not set, and there is no home folder"
    )]
    NoDataRoot,

    /// The folder for data sets does not exist.
    #[error("the folder for data sets {path} ({origin}) does not exist{}", nor(searched))]
    MissingRoot {
        /// The folder.
        path: PathBuf,
        /// The source of the path: the caller, `EBM_DATA`, or the default.
        origin: &'static str,
        /// The other folders that were searched.
        searched: Vec<PathBuf>,
        /// The data set that was looked for.
        dataset: String,
    },

    /// A file of a data set exists neither unpacked nor as .gz.
    #[error("{file} (or {file}.gz) is not in {directory}{}", nor(searched))]
    MissingFile {
        /// The file's unpacked name.
        file: String,
        /// The set's own folder, which is searched first.
        directory: PathBuf,
        /// The other folders that were searched.
        searched: Vec<PathBuf>,
        /// The data set that was looked for.
        dataset: String,
    },

    /// A file of a data set differs from the one that the catalogue describes.
    #[error("{path}: {problem}")]
    WrongFile {
        /// The file.
        path: PathBuf,
        /// The difference from the catalogue.
        problem: FileProblem,
        /// The data set that it belongs to.
        dataset: String,
    },

    /// A file is not the expected IDX file.
    #[error("{path}: {problem}")]
    Idx {
        /// The file.
        path: PathBuf,
        /// The reason for which the file was rejected.
        problem: IdxError,
    },

    /// An array does not hold images or labels.
    #[error("{path}: {}{problem}", if array.is_empty() { String::new() } else { format!("the array `{array}` ") })]
    Array {
        /// The file.
        path: PathBuf,
        /// The array's name, in an .npz.
        array: String,
        /// The reason for which the array was rejected.
        problem: ArrayProblem,
    },

    /// A picture cannot be used.
    #[error("{path}: the file {problem}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// The reason for which the picture was rejected.
        problem: PictureProblem,
    },

    /// The folder is not a set of pictures, or holds a picture that does not belong there.
    #[error("{path} {problem}")]
    Folder {
        /// The folder or the picture.
        path: PathBuf,
        /// The reason for which the folder or the picture was rejected.
        problem: FolderProblem,
    },

    /// The pictures cannot be scaled to that shape.
    #[error(
        "pictures cannot become images of {}×{}×{} (channels, height, width), expected 1 or 3 channels \
         and sides of 1 to {limit}",
        shape[0], shape[1], shape[2]
    )]
    PictureShape {
        /// The channels, height and width of the images.
        shape: [usize; 3],
        /// The longest side.
        limit: usize,
    },

    /// No side of the images was given, but pictures may have any size.
    #[error("{path} holds pictures of any size, and no side of the images was given")]
    NoSide {
        /// The folder.
        path: PathBuf,
    },

    /// The path holds no data set.
    #[error("{path} is neither a folder of pictures nor an .npy or .npz file of images")]
    NoSuchSet {
        /// The path.
        path: PathBuf,
    },

    /// A set of pairs was given, but images are needed.
    #[error("`{name}` is a set of pairs, expected one of images")]
    Paired {
        /// The set.
        name: String,
    },

    /// A set of images was given, but pairs are needed.
    #[error("`{name}` is a set of images, expected one of pairs")]
    NotPaired {
        /// The set.
        name: String,
    },

    /// The conditions and the images have different shapes.
    #[error("conditions are {conditions:?} and images {images:?}, expected one shape of both")]
    PairShapes {
        /// The channels, height and width of the conditions.
        conditions: [usize; 3],
        /// The channels, height and width of the images.
        images: [usize; 3],
    },

    /// The owners of a data set do not allow programs to download it; the user must copy it.
    #[error(
        "`{dataset}` must be copied by hand: {source_page} describes how to get it; put the pictures of \
         {} into {}",
        splits.join(" and of "),
        folders(directories)
    )]
    ByHand {
        /// The data set.
        dataset: String,
        /// The home page of the data set.
        source_page: String,
        /// The missing splits.
        splits: Vec<String>,
        /// The folders that should hold the pictures.
        directories: Vec<PathBuf>,
    },

    /// The number of labels differs from the number of images.
    #[error("`{name}` has {images} images and {labels} labels, expected equally many")]
    CountMismatch {
        /// The set, or the two files that it was read from.
        name: String,
        /// The number of images.
        images: usize,
        /// The number of labels.
        labels: usize,
    },

    /// The pixels do not fill whole images.
    #[error("`{name}` has {found} pixels, expected a multiple of {}×{}×{}", shape[0], shape[1], shape[2])]
    PixelCount {
        /// The set.
        name: String,
        /// The number of pixels.
        found: usize,
        /// The channels, height and width of the images.
        shape: [usize; 3],
    },

    /// The images or labels contradict the catalogue.
    #[error("`{name}`: {what} is {found}, expected {expected}")]
    Contradiction {
        /// The set.
        name: String,
        /// The property that contradicts the catalogue.
        what: &'static str,
        /// The value in the files.
        found: String,
        /// The value in the catalogue.
        expected: String,
    },

    /// The batch size is zero, or larger than the set.
    #[error("a batch of {batch} cannot be drawn from {len} images, expected 1 to {len}")]
    BatchSize {
        /// The given batch size.
        batch: usize,
        /// The number of images.
        len: usize,
    },

    /// A random crop could miss the image.
    #[error(
        "a random crop with {crop} black pixels on each side could miss the image, expected at most {limit}"
    )]
    Crop {
        /// The number of black pixels on each side.
        crop: usize,
        /// The greatest value: one less than the shorter side.
        limit: usize,
    },

    /// The set is too large to be shuffled.
    #[error("{len} images are too many to shuffle, at most {limit} can be")]
    TooManyImages {
        /// The number of images.
        len: usize,
        /// The greatest number.
        limit: usize,
    },

    /// No mirror delivered a file.
    #[error(
        "{archive} cannot be downloaded:{}\nput {archive} into {directory} by hand, packed or \
         unpacked, or try again later",
        failures.iter().map(|failure| format!("\n  {failure}")).collect::<String>()
    )]
    Download {
        /// The name under which it is published.
        archive: String,
        /// The folder that should hold the file.
        directory: PathBuf,
        /// The failures in their order; empty if no mirror is known.
        failures: Vec<MirrorFailure>,
    },

    /// The data set lacks files, and the caller forbade the use of the network.
    #[error("of the data set `{dataset}`, {} not here: put the files into {directory}", are(files))]
    Offline {
        /// The data set.
        dataset: String,
        /// The missing files' unpacked names.
        files: Vec<String>,
        /// The folder that should hold the files.
        directory: PathBuf,
    },

    /// A .tar.gz differs from the one that the catalogue describes.
    #[error("{path}: {problem}")]
    WrongTarball {
        /// The file.
        path: PathBuf,
        /// The difference from the catalogue.
        problem: TarballProblem,
        /// The data set that it belongs to.
        dataset: String,
    },

    /// A file to be imported does not belong to the set.
    #[error(
        "{path} has the name of no file of the data set `{dataset}`, expected {}",
        choices(known)
    )]
    ForeignFile {
        /// The file.
        path: PathBuf,
        /// The data set.
        dataset: String,
        /// The names that its files may have, without .gz.
        known: Vec<String>,
    },

    /// The file system returned an error.
    #[error("cannot {action} {path}: {cause}")]
    Io {
        /// The attempted action: read, write, create, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },
}

impl DataError {
    /// Returns the conversion of an I/O error that `action` on `path` failed with.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { action, path: path.to_path_buf(), cause }
    }
}

impl From<FileError> for DataError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io { action, path, cause } => Self::Io { action, path, cause },
            FileError::Zip { path, problem } => {
                Self::Array { path, array: String::new(), problem: problem.into() }
            }
            FileError::Npy { path, array, problem } => {
                Self::Array { path, array: array.unwrap_or_default(), problem: problem.into() }
            }
            other => Self::Io {
                action: "read",
                path: other.path().to_path_buf(),
                cause: io::Error::other(other),
            },
        }
    }
}

fn folders(directories: &[PathBuf]) -> String {
    directories.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ")
}

fn list(splits: &[Split]) -> String {
    splits.iter().map(Split::to_string).collect::<Vec<_>>().join(", ")
}

fn nor(searched: &[PathBuf]) -> String {
    searched.iter().map(|path| format!(", nor is it in {}", path.display())).collect()
}

fn are(files: &[String]) -> String {
    format!("{} {}", files.join(", "), if files.len() == 1 { "is" } else { "are" })
}

fn choices(known: &[String]) -> String {
    if known.is_empty() {
        return "none: it is built in".to_owned();
    }
    format!("{} (or with .gz)", known.join(", "))
}
