//! The signatures of records.

pub(super) const LOCAL_MAGIC: [u8; 4] = *b"PK\x03\x04";
pub(super) const ENTRY_MAGIC: [u8; 4] = *b"PK\x01\x02";
pub(super) const END_MAGIC: [u8; 4] = *b"PK\x05\x06";
