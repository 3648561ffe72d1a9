//! How good is it: measures of images and of sets of samples.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_metrics::{mean_pairwise_distance, psnr};
//!
//! let device = Device::flex();
//! let clean = Tensor::<4>::zeros([1, 1, 2, 2], &device);
//! let off_by_a_tenth = clean.clone() + 0.2; // of the range [−1, 1]
//! let decibels: f32 = psnr(off_by_a_tenth, clean).into_scalar();
//! assert!((decibels - 20.0).abs() < 1e-3);
//!
//! let collapsed = Tensor::<4>::ones([5, 1, 2, 2], &device);
//! assert_eq!(mean_pairwise_distance(collapsed), Some(0.0));
//! ```

mod diversity;
mod psnr;

pub use diversity::mean_pairwise_distance;
pub use psnr::psnr;
