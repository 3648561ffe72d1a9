//! What can be wrong with a picture, or with a folder of them.

use std::path::PathBuf;

use image::ImageError;
use thiserror::Error;

/// Why a file is not a picture that can be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureProblem {
    /// Another format, whatever the name says.
    #[error("is neither PNG nor JPEG by its first bytes")]
    Format,

    /// A JPEG without its end.
    #[error("is a JPEG without its end, cut short")]
    CutShort,

    /// The decoder refuses it.
    #[error("is broken or cut short ({cause})")]
    Broken {
        /// The decoder's reason.
        cause: ImageError,
    },

    /// More pixels than a picture may have, or none.
    #[error("is {width} × {height}, expected at least one pixel and at most {limit}")]
    Size {
        /// By the header.
        width: u32,
        /// By the header.
        height: u32,
        /// The most pixels.
        limit: u64,
    },

    /// The file is longer than it may be.
    #[error("is longer than {limit} bytes")]
    TooLong {
        /// The most bytes it may have.
        limit: u64,
    },
}

/// Why a folder is not a set of pictures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderProblem {
    /// Nothing to read.
    #[error("holds no pictures (.png, .jpg, .jpeg), nor folders that do")]
    Empty,

    /// More classes than labels.
    #[error("holds {found} folders, expected one for each of at most {limit} classes")]
    Classes {
        /// Folders.
        found: usize,
        /// The most there may be.
        limit: usize,
    },

    /// More than a set may take.
    #[error(
        "holds {count} pictures, which would take {bytes} bytes, expected at most {limit}: choose a \
         smaller side"
    )]
    TooLarge {
        /// Pictures.
        count: usize,
        /// Bytes of all pixels.
        bytes: u64,
        /// The most there may be.
        limit: u64,
    },

    /// A picture without a partner, or one of two of its name.
    #[error("has no partner of its own in {other}: names must agree up to the extension")]
    Alone {
        /// The other folder.
        other: PathBuf,
    },
}
