//! Faults of files, archives and downloads.

use std::io;

use thiserror::Error;

use crate::formats::idx::IdxError;
use crate::formats::mat::MatError;
use crate::formats::records::{LabelError, RecordsError};

/// A difference between a file on disk and the one that the catalogue describes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// The file is not IDX, or its .gz is broken.
    #[error("{0}")]
    Idx(#[from] IdxError),

    /// The file is not MATLAB's, or does not hold the expected matrices.
    #[error("{0}")]
    Mat(#[from] MatError),

    /// The file does not hold the expected records.
    #[error("{0}")]
    Records(#[from] RecordsError),

    /// A label is none of the classes.
    #[error("{0}")]
    Label(#[from] LabelError),

    /// The length differs from the original's: most often a copy that was cut short.
    #[error("{found} bytes unpacked, expected {expected}")]
    Length {
        /// The length of the file, unpacked.
        found: u64,
        /// The length of the original.
        expected: u64,
    },

    /// The number or the size of the images differs.
    #[error("the file's array is {found:?}, expected {expected:?}")]
    Dimensions {
        /// The dimensions in the file.
        found: Vec<usize>,
        /// The dimensions in the catalogue.
        expected: Vec<usize>,
    },

    /// The content differs from the original's.
    #[error("wrong checksum: SHA-256 of the unpacked file is {found}, expected {expected}")]
    Checksum {
        /// The SHA-256 of the file, unpacked.
        found: String,
        /// The SHA-256 of the original.
        expected: String,
    },
}

/// A difference between a .tar.gz and the one that the catalogue describes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TarballProblem {
    /// The length differs from the original's: most often a copy that was cut short.
    #[error("{found} bytes, expected {expected}")]
    Length {
        /// The length of the file.
        found: u64,
        /// The length of the original.
        expected: u64,
    },

    /// The content differs from the original's.
    #[error("wrong checksum: SHA-256 is {found}, expected {expected}")]
    Checksum {
        /// The SHA-256 of the file.
        found: String,
        /// The SHA-256 of the original.
        expected: String,
    },

    /// The archive is broken or was cut short.
    #[error("cannot be unpacked, broken or cut short ({cause})")]
    Broken {
        /// The decoder's reason.
        cause: io::Error,
    },

    /// A file inside has another length than in the catalogue, or is there twice.
    #[error("holds {name} of {found} bytes, expected it once, of {expected}")]
    Size {
        /// The file's name.
        name: String,
        /// The length of the file inside.
        found: u64,
        /// The length in the catalogue.
        expected: u64,
    },

    /// The archive lacks a file.
    #[error("holds no {folder}/{name}")]
    Absent {
        /// The folder inside.
        folder: String,
        /// The file's name.
        name: String,
    },
}

/// One failed attempt at one address.
#[derive(Debug, Error)]
#[error("{url}: {problem}")]
pub struct MirrorFailure {
    /// The file's address.
    pub url: String,
    /// The reason why the attempt failed.
    pub problem: TransferError,
}

/// An error of one attempt to download a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The connection failed, or the server does not speak HTTP.
    #[error("no connection ({0})")]
    Connection(String),

    /// The server answered with an error.
    #[error("the server answered {0}, expected 200 or 206")]
    Status(u16),

    /// The server sent nothing for too long.
    #[error("the server sent nothing for {limit_secs} s, {received} of {expected} bytes arrived")]
    Stalled {
        /// The longest silence allowed.
        limit_secs: f64,
        /// The number of bytes on disk.
        received: u64,
        /// The length of the whole file.
        expected: u64,
    },

    /// The connection ended early.
    #[error("the connection was cut after {received} of {expected} bytes ({cause})")]
    Cut {
        /// The number of bytes on disk.
        received: u64,
        /// The length of the whole file.
        expected: u64,
        /// The reason, if it is known.
        cause: String,
    },

    /// The server's file has another length.
    #[error("the server's file has {found} bytes, expected {expected}")]
    Length {
        /// The announced length, or the number of bytes that arrived before the download was
        /// stopped.
        found: u64,
        /// The length in the catalogue.
        expected: u64,
    },

    /// The server resumed at another byte than the requested one.
    #[error("the server answered with the range `{found}`, expected one from byte {expected}")]
    Range {
        /// The answer's `Content-Range`.
        found: String,
        /// The first byte requested.
        expected: u64,
    },

    /// The server's file has another content.
    #[error("wrong checksum: SHA-256 is {found}, expected {expected}")]
    Checksum {
        /// The SHA-256 of the download.
        found: String,
        /// The SHA-256 in the catalogue.
        expected: String,
    },
}
