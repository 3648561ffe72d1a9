//! The error of reading an array.

use std::io;

use thiserror::Error;

/// A reason for which bytes are rejected as an array.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The magic number of .npy is missing.
    #[error("does not begin as an .npy file of version 1, 2 or 3")]
    Magic,

    /// The header is not a dictionary of the three known keys.
    #[error("has a header that cannot be read: {header:?}")]
    Header {
        /// The beginning of the header.
        header: String,
    },

    /// The elements are not numbers, or not little-endian.
    #[error("has elements of type {found:?}, expected little-endian numbers (|u1, <i4, <f4, …)")]
    Element {
        /// The type of the elements, as NumPy calls it.
        found: String,
    },

    /// The array is stored column by column.
    #[error("is in Fortran's order, expected C's: save numpy.ascontiguousarray(array)")]
    Order,

    /// The length differs from the header's.
    #[error("has {found} bytes of elements, expected {expected}")]
    Length {
        /// The number of bytes found, at most one more than expected.
        found: u64,
        /// The number of bytes that the header announces.
        expected: u64,
    },

    /// The header announces more than the reader allows.
    #[error("has a header that announces elements of {shape:?}, expected at most {limit} bytes")]
    TooLarge {
        /// The header's dimensions.
        shape: Vec<u64>,
        /// The greatest length allowed.
        limit: u64,
    },

    /// The reader failed: the file, or the archive around it, is broken or was cut short.
    #[error("cannot be read, broken or cut short ({cause})")]
    Io {
        /// The reader's reason.
        cause: io::Error,
    },
}
