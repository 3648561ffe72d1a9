//! Measures of quality: of images, of sets of samples, and of densities in the plane.
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
//! Distances between two sets of features, of any network:
//!
//! ```
//! use ebm_metrics::{FeatureSet, MetricsError, Moments, Neighbours, frechet_distance};
//!
//! # fn main() -> Result<(), MetricsError> {
//! let real = FeatureSet::new(1, vec![0.0, 1.0, 2.0, 3.0])?;
//! let generated = FeatureSet::new(1, vec![1.0, 2.0, 3.0, 4.0])?;
//! let distance = frechet_distance(&Moments::of(&real), &Moments::of(&generated))?;
//! assert!((distance - 1.0).abs() < 1e-12); // the squared distance of the means
//! assert_eq!(Neighbours::new(&real, &generated, 1)?.precision, [1.0; 4]);
//! # Ok(())
//! # }
//! ```
//!
//! The divergence of a learned energy from a known density, by quadrature:
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
mod error;
mod feature_set;
pub mod features;
mod frechet;
mod grid;
mod inception_score;
mod kernel_distance;
mod moments;
mod neighbours;
mod pairs;
mod psnr;
mod spread;
mod ssim;

pub use auroc::auroc;
pub use diversity::mean_pairwise_distance;
pub use error::MetricsError;
pub use feature_set::FeatureSet;
pub use frechet::frechet_distance;
pub use grid::{Grid, GridError};
pub use inception_score::inception_score;
pub use kernel_distance::{Subsets, kernel_distance, kernel_distance_of_subsets};
pub use moments::Moments;
pub use neighbours::Neighbours;
pub use psnr::psnr;
pub use spread::{Bootstrap, Interval, Spread, jackknife_error};
pub use ssim::ssim;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
