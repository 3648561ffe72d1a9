//! What can be wrong with a file, an archive, an address.

use std::io;

use thiserror::Error;

use super::MatError;
use crate::idx::IdxError;

/// How a file on disk differs from the one the catalogue describes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// Not IDX, or a broken .gz.
    #[error("{0}")]
    Idx(#[from] IdxError),

    /// Not MATLAB's, or not with what it should hold.
    #[error("{0}")]
    Mat(#[from] MatError),

    /// Another length than the original's: most often a copy that was cut short.
    #[error("{found} bytes unpacked, expected {expected}")]
    Length {
        /// Bytes in the file, unpacked.
        found: u64,
        /// Bytes in the original.
        expected: u64,
    },

    /// Not as many images as the set has, or images of another size.
    #[error("the file's array is {found:?}, expected {expected:?}")]
    Dimensions {
        /// As in the file.
        found: Vec<usize>,
        /// As in the catalogue.
        expected: Vec<usize>,
    },

    /// Not a whole number of records.
    #[error("{found} bytes, expected a multiple of {record}, the length of a record")]
    Records {
        /// Bytes in the file, unpacked.
        found: u64,
        /// Bytes of one image and its class.
        record: u64,
    },

    /// A label that no class has.
    #[error("the label of image {index} is {found}, expected below {classes}")]
    Label {
        /// The image, counted from 0 in this file.
        index: usize,
        /// Its label.
        found: u8,
        /// The number of classes.
        classes: u16,
    },

    /// Another content than the original's.
    #[error("wrong checksum: SHA-256 of the unpacked file is {found}, expected {expected}")]
    Checksum {
        /// SHA-256 of the file, unpacked.
        found: String,
        /// SHA-256 of the original.
        expected: String,
    },
}

/// How a .tar.gz differs from the one the catalogue describes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TarballProblem {
    /// Another length than the original's: most often a copy that was cut short.
    #[error("{found} bytes, expected {expected}")]
    Length {
        /// Bytes in the file.
        found: u64,
        /// Bytes in the original.
        expected: u64,
    },

    /// Another content than the original's.
    #[error("wrong checksum: SHA-256 is {found}, expected {expected}")]
    Checksum {
        /// SHA-256 of the file.
        found: String,
        /// SHA-256 of the original.
        expected: String,
    },

    /// The archive is broken or was cut short.
    #[error("cannot be unpacked, broken or cut short ({cause})")]
    Broken {
        /// The decoder's reason.
        cause: io::Error,
    },

    /// A file inside has another length than the catalogue says, or is there twice.
    #[error("holds {name} of {found} bytes, expected it once, of {expected}")]
    Size {
        /// The file's name.
        name: String,
        /// Its bytes.
        found: u64,
        /// As in the catalogue.
        expected: u64,
    },

    /// A file is not inside.
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
    /// Why it did not come from there.
    pub problem: TransferError,
}

/// Why a download failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransferError {
    /// No connection, or none that speaks HTTP.
    #[error("no connection ({0})")]
    Connection(String),

    /// The server answered with an error.
    #[error("the server answered {0}, expected 200 or 206")]
    Status(u16),

    /// The server sent nothing for too long.
    #[error("the server sent nothing for {limit_secs} s, {received} of {expected} bytes came")]
    Stalled {
        /// How long it may be silent.
        limit_secs: f64,
        /// Bytes on disk.
        received: u64,
        /// Bytes in the whole file.
        expected: u64,
    },

    /// The connection ended early.
    #[error("the connection was cut after {received} of {expected} bytes ({cause})")]
    Cut {
        /// Bytes on disk.
        received: u64,
        /// Bytes in the whole file.
        expected: u64,
        /// Why, if it is known.
        cause: String,
    },

    /// The server has a file of another length.
    #[error("the server's file has {found} bytes, expected {expected}")]
    Length {
        /// As announced, or as many as came before the rest was refused.
        found: u64,
        /// As in the catalogue.
        expected: u64,
    },

    /// The server resumed at another place than was asked for.
    #[error("the server answered with the range `{found}`, expected one from byte {expected}")]
    Range {
        /// The answer's `Content-Range`.
        found: String,
        /// The first byte asked for.
        expected: u64,
    },

    /// The server has another file.
    #[error("wrong checksum: SHA-256 is {found}, expected {expected}")]
    Checksum {
        /// SHA-256 of what came.
        found: String,
        /// As in the catalogue.
        expected: String,
    },
}
