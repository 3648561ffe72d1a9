//! Faults of folders of pictures.

use std::path::PathBuf;

use thiserror::Error;

/// Why a folder is not a set of pictures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderProblem {
    /// There is nothing to read.
    #[error("holds no pictures (.png, .jpg, .jpeg), nor folders that do")]
    Empty,

    /// There are more classes than labels.
    #[error("holds {found} folders, expected one for each of at most {limit} classes")]
    Classes {
        /// The number of folders.
        found: usize,
        /// The greatest number of classes.
        limit: usize,
    },

    /// The set would take more memory than is allowed.
    #[error(
        "holds {count} pictures, which would take {bytes} bytes, expected at most {limit}: choose a \
         smaller side"
    )]
    TooLarge {
        /// The number of pictures.
        count: usize,
        /// The bytes of all pixels.
        bytes: u64,
        /// The greatest number of bytes.
        limit: u64,
    },

    /// A picture has no partner, or two have the same name.
    #[error("has no partner of its own in {}: names must agree up to the extension", other.display())]
    Alone {
        /// The other folder.
        other: PathBuf,
    },
}
