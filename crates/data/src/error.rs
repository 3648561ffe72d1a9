//! Everything that can go wrong between a data set's name and its tensors.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::catalog::Split;
use crate::idx::IdxError;

mod arrays;
mod pictures;
mod problems;

pub use arrays::{ArrayProblem, MatError};
pub use pictures::{FolderProblem, PictureProblem};
pub use problems::{FileProblem, MirrorFailure, TarballProblem, TransferError};

/// Why a data set cannot be had. Messages say what was found, what was expected and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// No data set of that name is in the catalogue.
    #[error("unknown data set `{name}`; known: {}", known.join(", "))]
    UnknownDataset {
        /// The name asked for.
        name: String,
        /// The names there are, sorted.
        known: Vec<String>,
    },

    /// No density in the plane has that name.
    #[error("unknown density `{name}`; known: {}", known.join(", "))]
    UnknownDensity {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },

    /// The data set has no such split.
    #[error("the data set `{name}` has no {split} split; it has: {}", list(known))]
    NoSplit {
        /// The data set.
        name: String,
        /// The split asked for.
        split: Split,
        /// The splits there are.
        known: Vec<Split>,
    },

    /// The catalogue is not TOML of the expected form.
    #[error("the catalogue of data sets cannot be read: {0}")]
    CatalogSyntax(#[from] toml::de::Error),

    /// A file of the user's is no catalogue.
    #[error("{path}: {problem}")]
    CatalogFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Box<DataError>,
    },

    /// An entry of the catalogue contradicts itself.
    #[error("the catalogue's entry `{name}`: {field} is {found}, expected {expected}")]
    CatalogEntry {
        /// The entry.
        name: String,
        /// The key at fault.
        field: &'static str,
        /// Its value.
        found: String,
        /// What it must be.
        expected: String,
    },

    /// No folder for data sets was named and this user has no home directory.
    #[error("no folder for data sets: name one with --data-dir or EBM_DATA")]
    NoDataRoot,

    /// The folder for data sets does not exist.
    #[error(
        "the folder for data sets {path} ({origin}) does not exist{}: run `ebm data fetch {dataset}`, \
         or name another folder with --data-dir or EBM_DATA",
        nor(searched)
    )]
    MissingRoot {
        /// The folder.
        path: PathBuf,
        /// Who named it: `--data-dir`, `EBM_DATA` or the default.
        origin: &'static str,
        /// Folders elsewhere in which the data set is not either.
        searched: Vec<PathBuf>,
        /// The data set asked for.
        dataset: String,
    },

    /// A data set's file is neither there unpacked nor as .gz.
    #[error(
        "{file} (or {file}.gz) is not in {directory}{}: run `ebm data fetch {dataset}`, or put {file} \
         or {file}.gz into {directory}",
        nor(searched)
    )]
    MissingFile {
        /// The file's unpacked name.
        file: String,
        /// The set's own folder, where it was looked for first.
        directory: PathBuf,
        /// Where else it was looked for.
        searched: Vec<PathBuf>,
        /// The data set asked for.
        dataset: String,
    },

    /// A data set's file is there but is not what the catalogue describes.
    #[error("{path}: {problem}; delete it and run `ebm data fetch {dataset}`")]
    WrongFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileProblem,
        /// The data set it belongs to.
        dataset: String,
    },

    /// A file is not the IDX file it should be.
    #[error("{path}: {problem}")]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: IdxError,
    },

    /// An array that is not one of images or labels.
    #[error("{path}: {}{problem}", if array.is_empty() { String::new() } else { format!("the array `{array}` ") })]
    Array {
        /// The file.
        path: PathBuf,
        /// The array's name, in an .npz.
        array: String,
        /// What is wrong with it.
        problem: ArrayProblem,
    },

    /// A picture that cannot be used.
    #[error("{path}: the file {problem}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: PictureProblem,
    },

    /// A folder that is no set of pictures, or a picture that does not belong there.
    #[error("{path} {problem}")]
    Folder {
        /// The folder or the picture.
        path: PathBuf,
        /// What is wrong with it.
        problem: FolderProblem,
    },

    /// A shape that pictures cannot be given.
    #[error(
        "images of {}×{}×{} (channels, height, width) cannot be had, expected 1 or 3 channels and sides \
         of 1 to {limit}",
        shape[0], shape[1], shape[2]
    )]
    PictureShape {
        /// Channels, height, width.
        shape: [usize; 3],
        /// The longest side.
        limit: usize,
    },

    /// Pictures of any size, and no word about the size of the images.
    #[error("{path} holds pictures of any size: say the side of the images, as in data.side = 64")]
    NoSide {
        /// The folder.
        path: PathBuf,
    },

    /// A path at which there is no data set.
    #[error("{path} is neither a folder of pictures nor an .npy or .npz file of images")]
    NoSuchSet {
        /// The path.
        path: PathBuf,
    },

    /// A set of pairs where images were wanted.
    #[error("`{name}` is a set of pairs, expected one of images")]
    Paired {
        /// The set.
        name: String,
    },

    /// A set of images where pairs were wanted.
    #[error("`{name}` is a set of images, expected one of pairs")]
    NotPaired {
        /// The set.
        name: String,
    },

    /// Conditions and images of different shapes.
    #[error("conditions are {conditions:?} and images {images:?}, expected one shape of both")]
    PairShapes {
        /// Channels, height, width.
        conditions: [usize; 3],
        /// Channels, height, width.
        images: [usize; 3],
    },

    /// A set whose owners let no program download it.
    #[error(
        "`{dataset}` must be brought by hand: get it as {source_page} says, and put the pictures of {} \
         into {}",
        splits.join(" and of "),
        folders(directories)
    )]
    ByHand {
        /// The data set.
        dataset: String,
        /// Its home page.
        source_page: String,
        /// The splits that are missing.
        splits: Vec<String>,
        /// Where they belong.
        directories: Vec<PathBuf>,
    },

    /// There are more or fewer labels than images.
    #[error("`{name}` has {images} images and {labels} labels, expected as many of both")]
    CountMismatch {
        /// The set, or the two files it was read from.
        name: String,
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },

    /// The pixels do not fill whole images.
    #[error("`{name}` has {found} pixels, expected a multiple of {}×{}×{}", shape[0], shape[1], shape[2])]
    PixelCount {
        /// The set.
        name: String,
        /// Number of pixels.
        found: usize,
        /// Channels, height, width.
        shape: [usize; 3],
    },

    /// Images or labels contradict the catalogue.
    #[error("`{name}`: {what} is {found}, expected {expected}")]
    Contradiction {
        /// The set.
        name: String,
        /// What contradicts.
        what: &'static str,
        /// As in the files.
        found: String,
        /// As in the catalogue.
        expected: String,
    },

    /// A batch size that no batch can have.
    #[error("a batch of {batch} cannot be drawn from {len} images, expected 1 to {len}")]
    BatchSize {
        /// The batch size asked for.
        batch: usize,
        /// The number of images.
        len: usize,
    },

    /// A crop that could miss the image.
    #[error(
        "a random crop with {crop} black pixels on each side could miss the image, expected at most {limit}"
    )]
    Crop {
        /// Pixels on each side.
        crop: usize,
        /// The most there may be: one less than the shorter side.
        limit: usize,
    },

    /// A set too large to be shuffled.
    #[error("{len} images are too many to shuffle, at most {limit} can be")]
    TooManyImages {
        /// The number of images.
        len: usize,
        /// The most there may be.
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
        /// Where it belongs.
        directory: PathBuf,
        /// What happened, in order; empty if no mirror is known.
        failures: Vec<MirrorFailure>,
    },

    /// Files are missing and the network was not to be used.
    #[error(
        "of the data set `{dataset}`, {} not here: put the files into {directory}, or run \
         `ebm data fetch {dataset}` without --offline",
        are(files)
    )]
    Offline {
        /// The data set.
        dataset: String,
        /// The missing files' unpacked names.
        files: Vec<String>,
        /// Where they belong.
        directory: PathBuf,
    },

    /// A .tar.gz is not the one the catalogue describes.
    #[error("{path}: {problem}; delete it and run `ebm data fetch {dataset}`")]
    WrongTarball {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: TarballProblem,
        /// The data set it belongs to.
        dataset: String,
    },

    /// A file to be imported is none of the set's.
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

    /// The file system refused.
    #[error("cannot {action} {path}: {cause}")]
    Io {
        /// What was tried: read, write, create, …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },
}

impl DataError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { action, path: path.to_path_buf(), cause }
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
