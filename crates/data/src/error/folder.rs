//! Faults of folders of pictures.

use std::path::PathBuf;

use thiserror::Error;

/// A reason for which a folder is rejected as a set of pictures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderProblem {
    /// The folder holds no pictures.
    #[error("holds no pictures (.png, .jpg, .jpeg), nor folders that do")]
    Empty,

    /// The folder has more classes than labels can number.
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
        /// The number of bytes of all pixels.
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
