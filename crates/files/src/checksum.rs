//! SHA-256, in lower-case hexadecimal.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::FileError;

/// Enough for hashing to run at the disk's speed.
const BUFFER_BYTES: usize = 1 << 20;

/// A SHA-256 that bytes are added to while they pass by. It is also a [`Write`].
///
/// ```
/// use ebm_files::{Checksum, sha256};
///
/// let mut checksum = Checksum::new();
/// checksum.update(b"ab");
/// checksum.update(b"c");
/// assert_eq!(checksum.finish(), sha256(b"abc"));
/// ```
#[derive(Clone, Default)]
pub struct Checksum(Sha256);

impl Checksum {
    /// Creates the checksum of no bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds bytes with their length before them, so that "ab" and "c" differ from "a" and "bc".
    pub fn update_part(&mut self, bytes: &[u8]) {
        self.update(&(bytes.len() as u64).to_le_bytes());
        self.update(bytes);
    }

    /// Returns the SHA-256 of all bytes added, 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Checksum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checksum")
    }
}

/// Returns the SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> String {
    let mut checksum = Checksum::new();
    checksum.update(bytes);
    checksum.finish()
}

/// Returns the SHA-256 of everything that a reader yields, without holding it.
///
/// # Errors
/// Returns the errors of the reader.
pub fn sha256_reader(reader: impl Read) -> io::Result<String> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    let mut checksum = Checksum::new();
    loop {
        let bytes = match reader.fill_buf() {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(cause),
        };
        if bytes.is_empty() {
            return Ok(checksum.finish());
        }
        checksum.update(bytes);
        let count = bytes.len();
        reader.consume(count);
    }
}

/// Returns the SHA-256 of a file, without holding it.
///
/// # Errors
/// [`FileError::Io`].
pub fn sha256_file(path: &Path) -> Result<String, FileError> {
    let file = File::open(path).map_err(FileError::io("open", path))?;
    sha256_reader(file).map_err(FileError::io("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn every_way_to_the_checksum_agrees() {
        assert_eq!(sha256(b"abc"), ABC);
        assert_eq!(sha256_reader(&b"abc"[..]).unwrap(), ABC);
        let mut checksum = Checksum::new();
        checksum.write_all(b"abc").unwrap();
        assert_eq!(checksum.finish(), ABC);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(sha256_file(&path).unwrap(), ABC);
        assert!(sha256_file(&folder.path().join("none")).is_err());
    }
}
