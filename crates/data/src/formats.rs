//! The formats of files, as bytes in memory: without paths or the catalogue.

pub(crate) mod idx;
pub(crate) mod mat;
pub(crate) mod numpy;
pub(crate) mod picture;
pub(crate) mod records;
mod resample;
