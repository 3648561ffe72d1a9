//! The error of functions that take a path.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::npy::NpyError;
use crate::zip::ZipError;

/// An error of reading or writing a file or a folder. Every variant names the path.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system returned an error.
    #[error("cannot {action} {}: {cause}", path.display())]
    Io {
        /// The attempted action: "read", "write", "rename to", …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },

    /// The file is longer than its reader allows.
    #[error("{}: longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The greatest length allowed.
        limit: u64,
    },

    /// The file is not a ZIP archive that can be read.
    #[error("{}: {problem}", path.display())]
    Zip {
        /// The file.
        path: PathBuf,
        /// The reason for which the archive was rejected.
        problem: ZipError,
    },

    /// The file, or an array in it, is not a .npy array that can be read.
    #[error(
        "{}: {}{problem}",
        path.display(),
        array.as_ref().map_or_else(String::new, |name| format!("the array `{name}` "))
    )]
    Npy {
        /// The file.
        path: PathBuf,
        /// The name of the array, if the file is an .npz.
        array: Option<String>,
        /// The reason for which the array was rejected.
        problem: NpyError,
    },
}

impl FileError {
    /// Returns the conversion of an I/O error that `action` on `path` failed with.
    ///
    /// ```
    /// use ebm_files::FileError;
    ///
    /// let path = std::path::Path::new("no/such/file");
    /// let error = std::fs::read(path).map_err(FileError::io("read", path)).unwrap_err();
    /// assert!(error.to_string().starts_with("cannot read no/such/file: "));
    /// ```
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { action, path: path.to_path_buf(), cause }
    }

    /// Returns the path that the error is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::TooLong { path, .. }
            | Self::Zip { path, .. }
            | Self::Npy { path, .. } => path,
        }
    }
}
