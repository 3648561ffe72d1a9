//! NumPy's .npy: a header, which is a dictionary written in Python, and one array.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. Nothing in a
//! file is trusted: the header has a limit, and nothing of the array's size is allocated before its
//! bytes are there.

mod element;
mod error;
mod magic;
mod read;
mod write;

pub use element::{Element, ElementType};
pub use error::NpyError;
pub use read::NpyArray;
pub use write::write_npy;

#[cfg(test)]
mod tests;
