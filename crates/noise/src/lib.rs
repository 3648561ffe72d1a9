//! Counter-based random numbers for Burn tensors: the same draws on every backend, for every split
//! of the batch and in every order of calls.
//!
//! Burn's own generator is one process-wide stream per backend: the same seed gives other numbers on
//! another backend, and a draw shifts every later one. Here a [`Key`] is a value. Folding in a stream,
//! an iteration or a step gives another key; asking a key for numbers twice gives the same numbers.
//!
//! ```
//! use burn::tensor::Device;
//! use ebm_noise::Key;
//!
//! let device = Device::flex();
//! let key = Key::new(42).fold(7); // seed 42, iteration 7
//! let all = key.normal::<2>([8, 3], &device);
//! let lower_half = key.skip_rows(4).normal::<2>([4, 3], &device);
//! all.slice([4..8, 0..3]).into_data().assert_eq(&lower_half.into_data(), true);
//! ```

mod init;
mod key;
mod normal;
mod philox;
pub mod streams;

pub use init::{initialise, initialise_fan_in};
pub use key::Key;
pub use normal::{LANES, ln, vectorised};
pub use philox::philox_4x32_10;
