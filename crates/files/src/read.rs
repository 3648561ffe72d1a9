//! Reads that are bounded: a limit on the bytes, and no allocation before the bytes are there.
//!
//! A file's header or its metadata may announce any length. Memory here grows with the bytes that
//! have arrived, so a file with a false header costs its reader no more than its true length.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use thiserror::Error;

use crate::error::FileError;

/// The first chunk of a file that is read.
const PAGE_BYTES: usize = 64 * 1024;

/// An error of a bounded read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader has more bytes than the limit.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The greatest length allowed.
        limit: u64,
    },

    /// The reader failed.
    #[error("cannot be read ({cause})")]
    Io {
        /// The reader's reason.
        cause: io::Error,
    },
}

/// Reads all bytes of a reader, of which there may be at most `limit`.
///
/// At no time does it hold more than twice the limit and a page of 64 KiB, whatever length the
/// reader announces.
///
/// # Errors
/// [`ReadError::TooLong`] as soon as byte `limit + 1` has arrived, [`ReadError::Io`].
pub fn read_up_to(mut reader: impl Read, limit: u64) -> Result<Vec<u8>, ReadError> {
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
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            Err(cause) => return Err(ReadError::Io { cause }),
        }
        if filled == most {
            return Err(ReadError::TooLong { limit });
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// [`FileError::TooLong`], [`FileError::Io`].
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = File::open(path).map_err(FileError::io("open", path))?;
    read_up_to(file, limit).map_err(|error| match error {
        ReadError::TooLong { limit } => FileError::TooLong { path: path.to_path_buf(), limit },
        ReadError::Io { cause } => FileError::io("read", path)(cause),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// While the last chunk is copied, the old buffer, half as long, and the new one are held.
        #[test]
        fn reading_never_asks_for_more_than_the_limit(length in 0_u64..400_000, limit in 0_u64..400_000) {
            let mut reader = io::repeat(7).take(length);
            match read_up_to(&mut reader, limit) {
                Ok(bytes) => {
                    prop_assert!(length <= limit && bytes.len() as u64 == length);
                    prop_assert!(bytes.capacity() as u64 <= limit + 1);
                }
                Err(ReadError::TooLong { .. }) => {
                    prop_assert!(length > limit);
                    // One byte beyond the limit is read, no more.
                    prop_assert_eq!(reader.limit(), length - limit - 1);
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn errors_name_the_file_and_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("five");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_file(&path, 5).unwrap(), b"12345");
        let message = read_file(&path, 4).unwrap_err().to_string();
        assert_eq!(message, format!("{}: longer than 4 bytes", path.display()));
        let error = read_file(&folder.path().join("none"), 4).unwrap_err();
        assert!(matches!(error, FileError::Io { action: "open", .. }), "{error}");
    }
}
