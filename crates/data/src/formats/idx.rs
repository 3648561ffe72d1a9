//! IDX, the file format of MNIST: a big-endian header and one array of bytes, often gzipped.
//!
//! Nothing in a file is trusted: lengths come from the bytes that are there, the header must agree
//! with them, and unpacking stops at a limit.

use std::io::{self, Read};

use ebm_files::{ReadError, read_up_to};
use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

/// The greatest length of a data file that is read (1 GiB), packed or unpacked.
pub const MAX_BYTES: u64 = 1 << 30;

/// Lengths of the headers: four bytes, and four for each dimension.
pub(crate) const IMAGES_HEADER: u128 = 16;
pub(crate) const LABELS_HEADER: u128 = 8;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTES: u8 = 0x08;

/// An array of bytes, as an IDX file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxArray {
    dims: Vec<usize>,
    data: Vec<u8>,
}

/// A reason for which bytes are rejected as an IDX file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The bytes are neither gzip nor IDX.
    #[error("begins with {found:02x?}, expected 00 00 (IDX) or 1f 8b (gzip)")]
    Magic {
        /// The first two bytes.
        found: [u8; 2],
    },

    /// The elements are not unsigned bytes.
    #[error("element type is {found:#04x}, expected 0x08 (unsigned bytes)")]
    ElementType {
        /// The header's third byte.
        found: u8,
    },

    /// The number of dimensions differs: images were given for labels, or labels for images.
    #[error("has {found} dimensions, expected {expected}")]
    Rank {
        /// The header's fourth byte.
        found: u8,
        /// The expected number of dimensions: 3 for images, 1 for labels.
        expected: u8,
    },

    /// The file is shorter than its header announces.
    #[error("cut short: {found} bytes, expected {expected}")]
    Truncated {
        /// The length, unpacked.
        found: u64,
        /// The length that the header announces, or the header's own.
        expected: u64,
    },

    /// The file has bytes after the array that its header describes.
    #[error("{found} bytes, expected {expected}: something follows the array")]
    Trailing {
        /// The length, unpacked.
        found: u64,
        /// The length that the header announces.
        expected: u64,
    },

    /// The header announces a longer file than is read.
    #[error("the header announces {dims:?} elements, expected at most {limit} bytes")]
    TooLarge {
        /// The header's dimensions.
        dims: Vec<u32>,
        /// The greatest length.
        limit: u64,
    },

    /// The file is too long, packed or unpacked.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The greatest length.
        limit: u64,
    },

    /// The .gz is broken or was cut short.
    #[error("cannot be unpacked, broken or cut short ({cause})")]
    Gzip {
        /// The decoder's reason.
        cause: io::Error,
    },

    /// The reader failed.
    #[error("cannot be read ({cause})")]
    Io {
        /// The operating system's reason.
        cause: io::Error,
    },
}

impl From<ReadError> for IdxError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLong { limit } => Self::TooLong { limit },
            ReadError::Io { cause } => Self::Io { cause },
            other => Self::Io { cause: io::Error::other(other) },
        }
    }
}

impl IdxArray {
    /// Reads an array of `rank` dimensions, gzipped or not.
    ///
    /// # Errors
    /// Returns every [`IdxError`]. For any bytes, at most [`MAX_BYTES`] are held, packed and
    /// unpacked.
    pub fn read(reader: impl Read, rank: u8) -> Result<Self, IdxError> {
        let bytes = read_up_to(reader, MAX_BYTES)?;
        Self::from_bytes(unpack(bytes, MAX_BYTES)?, rank)
    }

    /// Parses the bytes of an unpacked file.
    ///
    /// # Errors
    /// Returns the errors of [`read`](Self::read), except those of gzip and of the operating
    /// system.
    pub fn parse(bytes: &[u8], rank: u8) -> Result<Self, IdxError> {
        let (dims, header) = dimensions(bytes, rank)?;
        Ok(Self { dims, data: bytes[header..].to_vec() })
    }

    /// Parses the bytes as [`parse`](Self::parse) does, without a copy.
    pub(crate) fn from_bytes(mut bytes: Vec<u8>, rank: u8) -> Result<Self, IdxError> {
        let (dims, header) = dimensions(&bytes, rank)?;
        bytes.drain(..header);
        Ok(Self { dims, data: bytes })
    }

    /// Returns the dimensions: `[count, height, width]` of images, `[count]` of labels.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Returns the elements in row-major order.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Returns the elements without a copy.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }
}

/// Returns the dimensions of the header, which the length agrees with, and the header's own length.
fn dimensions(bytes: &[u8], rank: u8) -> Result<(Vec<usize>, usize), IdxError> {
    let found = bytes.len() as u64;
    let header = 4 + 4 * usize::from(rank);
    let [a, b, element_type, file_rank, ..] = *bytes else {
        return Err(IdxError::Truncated { found, expected: header as u64 });
    };
    if [a, b] != [0, 0] {
        return Err(IdxError::Magic { found: [a, b] });
    }
    if element_type != UNSIGNED_BYTES {
        return Err(IdxError::ElementType { found: element_type });
    }
    if file_rank != rank {
        return Err(IdxError::Rank { found: file_rank, expected: rank });
    }
    let Some(sizes) = bytes.get(4..header) else {
        return Err(IdxError::Truncated { found, expected: header as u64 });
    };
    let dims: Vec<u32> = sizes.as_chunks().0.iter().map(|&size| u32::from_be_bytes(size)).collect();
    // Checked: the product of many dimensions overflows any integer.
    let expected = dims
        .iter()
        .try_fold(1_u64, |product, &dim| product.checked_mul(u64::from(dim)))
        .and_then(|elements| elements.checked_add(header as u64))
        .filter(|&expected| expected <= MAX_BYTES);
    let Some(expected) = expected else {
        return Err(IdxError::TooLarge { dims, limit: MAX_BYTES });
    };
    if found < expected {
        return Err(IdxError::Truncated { found, expected });
    }
    if found > expected {
        return Err(IdxError::Trailing { found, expected });
    }
    Ok((dims.into_iter().map(|dim| dim as usize).collect(), header))
}

/// Returns the bytes of an IDX file that holds this array.
pub(crate) fn to_bytes(dims: &[usize], data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + 4 * dims.len() + data.len());
    bytes.extend([0, 0, UNSIGNED_BYTES, dims.len() as u8]);
    bytes.extend(dims.iter().flat_map(|&dim| (dim as u32).to_be_bytes()));
    bytes.extend(data);
    bytes
}

/// Unpacks bytes that begin like gzip, up to `limit` bytes; returns all others as they are.
pub(crate) fn unpack(bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, IdxError> {
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Ok(bytes);
    }
    match read_up_to(MultiGzDecoder::new(&bytes[..]), limit) {
        Ok(bytes) => Ok(bytes),
        Err(ReadError::Io { cause }) => Err(IdxError::Gzip { cause }),
        Err(other) => Err(other.into()),
    }
}
