//! SHA-256 of several parts.

use sha2::{Digest, Sha256};

/// A checksum in the making.
#[derive(Default)]
pub(crate) struct Checksum(Sha256);

impl Checksum {
    /// Adds a part. Its length comes first, so that the boundaries of parts count.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn hexadecimal(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
