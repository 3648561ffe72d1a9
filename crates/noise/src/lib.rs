//! Counter-based random numbers for Burn tensors: the same draws on every backend, for every split
//! of the batch and in every order of calls.
//!
//! Burn's own generator is one process-wide stream per backend: a seed produces different numbers
//! on different backends, and each draw shifts all later ones. Here a [`Key`] is a value. Folding a
//! stream, an iteration or a step into a key returns another key, and a key always produces the
//! same numbers.
//!
//! ```
//! use burn::tensor::Device;
//! use ebm_noise::Key;
//!
//! let device = Device::flex();
//! let key = Key::new(42).fold(7); // seed 42, iteration 7
//! let all = key.normal::<2>([8, 3], &device);
//! let second_half = key.skip_rows(4).normal::<2>([4, 3], &device);
//! all.slice([4..8, 0..3]).into_data().assert_eq(&second_half.into_data(), true);
//! ```

mod initialise;
mod key;
mod normal;
mod philox;
pub mod streams;

pub use initialise::{initialise, initialise_fan_in};
pub use key::Key;
pub use normal::{LANES, ln, vectorised};
pub use philox::philox_4x32_10;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
