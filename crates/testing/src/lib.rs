//! Helpers of the workspace's tests: reproducible numbers, distances in standard errors, .npy files.
//!
//! A crate takes it as a dev-dependency. Its own doctests are the examples of the README and the
//! book.

mod npy;
mod random;
mod statistics;

pub use npy::npy;
pub use random::SplitMix64;
pub use statistics::{assert_close, standard_errors};
