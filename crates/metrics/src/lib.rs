//! How good is it: measures of images, of sets of samples, and of densities in the plane.
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
//!
//! How far a learned energy is from a known density, by quadrature:
//!
//! ```
//! use ebm_metrics::{Grid, GridError};
//!
//! # fn main() -> Result<(), GridError> {
//! let grid = Grid::new(-1.0, 1.0, 200)?;
//! let log_density = |std: f64| {
//!     let energy = |[x, y]: [f64; 2]| (x * x + y * y) / (2.0 * std * std);
//!     grid.log_normalise(&grid.points().into_iter().map(|x| -energy(x)).collect::<Vec<_>>())
//! };
//! let (data, model) = (log_density(0.1)?, log_density(0.2)?);
//! let expected = 2.0 * 2.0_f64.ln() + 0.25 - 1.0;
//! assert!((grid.kl(&data, &model)? - expected).abs() < 1e-5);
//! # Ok(())
//! # }
//! ```

mod auroc;
mod diversity;
pub mod features;
mod grid;
mod kernel_distance;
mod psnr;

pub use auroc::auroc;
pub use diversity::mean_pairwise_distance;
pub use grid::{Grid, GridError};
pub use kernel_distance::kernel_distance;
pub use psnr::psnr;
