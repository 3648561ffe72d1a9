//! ZIP archives, as far as NumPy and PyTorch use them: members that are stored or deflated, found
//! by name, checked by their CRC-32.
//!
//! Format: PKWARE's APPNOTE 6.3.10. Sizes are those of the central directory, since NumPy leaves
//! out those before the members. ZIP64 is not read, nor written: archives have less than 4 GiB.

mod magic;
mod read;
mod write;

pub use read::{Member, ZipEntry, ZipError, ZipReader};
pub use write::ZipWriter;

#[cfg(test)]
mod tests;
