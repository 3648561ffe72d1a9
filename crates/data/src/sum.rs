//! SHA-256 in the form the catalogue writes it.

use std::io::{self, BufRead, BufReader, Read};

use sha2::{Digest, Sha256};

/// Enough for the sum to run at the disk's speed.
const BUFFER_BYTES: usize = 1 << 20;

/// SHA-256, lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The same of all that comes, without holding it.
pub(crate) fn sha256_of(reader: impl Read) -> io::Result<String> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    let mut digest = Sha256::new();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(hexadecimal(&digest.finalize()));
        }
        digest.update(bytes);
        let count = bytes.len();
        reader.consume(count);
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
