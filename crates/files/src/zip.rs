//! ZIP archives, as far as NumPy and PyTorch use them: members that are stored or deflated, found
//! by name, checked by their CRC-32.
//!
//! Format: PKWARE's APPNOTE 6.3.10. Sizes are those of the central directory, since NumPy leaves
//! out those before the members. ZIP64 is not read, nor written: archives have less than 4 GiB.

mod read;
mod write;

pub use read::{Member, ZipEntry, ZipError, ZipReader};
pub use write::ZipWriter;

const LOCAL_MAGIC: [u8; 4] = *b"PK\x03\x04";
const ENTRY_MAGIC: [u8; 4] = *b"PK\x01\x02";
const END_MAGIC: [u8; 4] = *b"PK\x05\x06";

#[cfg(test)]
mod tests;
