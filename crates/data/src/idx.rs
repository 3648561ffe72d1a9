//! IDX, the file format of MNIST: a big-endian header and one array of bytes, often gzipped.
//!
//! Nothing in a file is believed: lengths come from the bytes that are there, the header must agree
//! with them, and unpacking stops at a limit.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

/// No IDX file is read beyond this length (1 GiB), packed or unpacked.
pub const MAX_BYTES: u64 = 1 << 30;

/// Header lengths: four bytes and four for each dimension.
pub(crate) const IMAGES_HEADER: u128 = 16;
pub(crate) const LABELS_HEADER: u128 = 8;

/// The first piece of a file that is read.
const PAGE_BYTES: usize = 64 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTES: u8 = 0x08;

/// An array of bytes as an IDX file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxArray {
    dims: Vec<usize>,
    data: Vec<u8>,
}

/// Why bytes are not the IDX file they should be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdxError {
    /// Neither gzip nor IDX.
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

    /// Another number of dimensions: images where labels should be, or the other way round.
    #[error("has {found} dimensions, expected {expected}")]
    Rank {
        /// The header's fourth byte.
        found: u8,
        /// 3 for images, 1 for labels.
        expected: u8,
    },

    /// The file ends before the header says.
    #[error("cut short: {found} bytes, expected {expected}")]
    Truncated {
        /// Bytes there are, unpacked.
        found: u64,
        /// Bytes the header announces, or the header's own length.
        expected: u64,
    },

    /// The file goes on after the header's array.
    #[error("{found} bytes, expected {expected}: something follows the array")]
    Trailing {
        /// Bytes there are, unpacked.
        found: u64,
        /// Bytes the header announces.
        expected: u64,
    },

    /// The header announces more than any file may hold.
    #[error("the header announces {dims:?} elements, expected at most {limit} bytes")]
    TooLarge {
        /// The header's dimensions.
        dims: Vec<u32>,
        /// The most bytes a file may have.
        limit: u64,
    },

    /// Packed or unpacked, the file is longer than it may be.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The most bytes it may have.
        limit: u64,
    },

    /// The .gz is broken or was cut short.
    #[error("cannot be unpacked, broken or cut short ({cause})")]
    Gzip {
        /// The decoder's reason.
        cause: io::Error,
    },

    /// Reading failed.
    #[error("cannot be read ({cause})")]
    Io {
        /// The operating system's reason.
        cause: io::Error,
    },
}

impl IdxArray {
    /// Reads an array of `rank` dimensions, packed or not.
    ///
    /// # Errors
    /// Every [`IdxError`]; whatever the bytes, at most [`MAX_BYTES`] are held packed and unpacked.
    pub fn read(reader: impl Read, rank: u8) -> Result<Self, IdxError> {
        let bytes = read_up_to(reader, MAX_BYTES)?;
        Self::from_bytes(unpack(bytes, MAX_BYTES)?, rank)
    }

    /// Parses the bytes of an unpacked file.
    ///
    /// # Errors
    /// As [`read`](Self::read), without those of gzip and of the operating system.
    pub fn parse(bytes: &[u8], rank: u8) -> Result<Self, IdxError> {
        let (dims, header) = dimensions(bytes, rank)?;
        Ok(Self { dims, data: bytes[header..].to_vec() })
    }

    /// The same without a copy.
    pub(crate) fn from_bytes(mut bytes: Vec<u8>, rank: u8) -> Result<Self, IdxError> {
        let (dims, header) = dimensions(&bytes, rank)?;
        bytes.drain(..header);
        Ok(Self { dims, data: bytes })
    }

    /// The dimensions: `[count, height, width]` of images, `[count]` of labels.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The elements, the last dimension running fastest.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Gives the elements away.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }
}

/// The dimensions that the header announces, with which the length agrees, and the header's own length.
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
    let Some(words) = bytes.get(4..header) else {
        return Err(IdxError::Truncated { found, expected: header as u64 });
    };
    let dims: Vec<u32> = words
        .chunks_exact(4)
        .map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
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

/// The bytes of a file of this array.
pub(crate) fn written(dims: &[usize], data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + 4 * dims.len() + data.len());
    bytes.extend([0, 0, UNSIGNED_BYTES, dims.len() as u8]);
    bytes.extend(dims.iter().flat_map(|&dim| (dim as u32).to_be_bytes()));
    bytes.extend(data);
    bytes
}

/// Reads all there is, unless it is more than `limit` bytes; at no time holds more than twice the limit
/// and a page.
pub(crate) fn read_up_to(mut reader: impl Read, limit: u64) -> Result<Vec<u8>, IdxError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let (mut bytes, mut filled) = (Vec::new(), 0);
    loop {
        if filled == bytes.len() {
            let length = filled.saturating_mul(2).clamp(PAGE_BYTES.min(most), most);
            bytes.reserve_exact(length - filled);
            bytes.resize(length, 0);
        }
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(IdxError::Io { cause }),
        }
        if filled == most {
            return Err(IdxError::TooLong { limit });
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Unpacks what begins like gzip, up to `limit` bytes; passes everything else on.
pub(crate) fn unpack(bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, IdxError> {
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Ok(bytes);
    }
    match read_up_to(MultiGzDecoder::new(&bytes[..]), limit) {
        Err(IdxError::Io { cause }) => Err(IdxError::Gzip { cause }),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is held while the last piece is copied is the old piece, half as long, and the new one.
        #[test]
        fn reading_never_asks_for_more_than_the_limit(length in 0_u64..400_000, limit in 0_u64..400_000) {
            let mut reader = io::repeat(7).take(length);
            match read_up_to(&mut reader, limit) {
                Ok(bytes) => {
                    prop_assert!(length <= limit && bytes.len() as u64 == length);
                    prop_assert!(bytes.capacity() as u64 <= limit + 1);
                }
                Err(IdxError::TooLong { .. }) => {
                    prop_assert!(length > limit);
                    prop_assert_eq!(reader.limit(), length - limit - 1); // One byte told.
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
