//! The signature of files.

pub(super) const MAGIC: [u8; 6] = *b"\x93NUMPY";
