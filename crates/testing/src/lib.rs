//! Helpers of the workspace's tests: reproducible numbers, distances in standard errors, .npy
//! files.
//!
//! A crate takes it as a dev-dependency. Its own doctests are the examples of the README and the
//! book.

mod npy;
mod random;
mod statistics;

pub use npy::npy;
pub use random::SplitMix64;
pub use statistics::{assert_close, standard_errors};

/// The documents whose Rust examples are compiled and run as doctests.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/src/samplers.md")]
    struct Samplers;
}
