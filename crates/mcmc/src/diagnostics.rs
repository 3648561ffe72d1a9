//! Diagnostics of chains: rank-normalised split R̂, effective sample sizes, Monte-Carlo standard
//! errors, autocorrelation, BFMI, divergences and tree depths.
//!
//! Definitions are those of Vehtari, Gelman, Simpson, Carpenter and Bürkner, "Rank-normalization,
//! folding, and localization: an improved R̂ for assessing convergence of MCMC", Bayesian Analysis
//! 16 (2021), with the choices of ArviZ 0.23 where the paper leaves one, so that numbers agree with
//! ArviZ's.
//!
//! [`Draws`] hold one variable, `[chain, draw, …]`; a [`Trace`] is one coordinate of it, and most
//! functions here take a trace. [`Summary`] computes and prints the usual columns for all
//! coordinates at once, and the statistics of the sampler's [`Transitions`]:
//!
//! ```
//! use ebm_mcmc::diagnostics::{Draws, Summary, rhat};
//!
//! // Two chains that alternate about different means have not mixed.
//! let values = (0..400).map(|i| f64::from(i % 2) + if i < 200 { 0.0 } else { 5.0 }).collect();
//! let draws = Draws::new(values, &[2, 200])?;
//! assert!(rhat(&draws.coordinate(0)) > 1.01);
//! println!("{}", Summary::new([("x", &draws)]));
//! # Ok::<(), ebm_mcmc::diagnostics::DrawsError>(())
//! ```
//!
//! # Edge cases, as in ArviZ
//! - Fewer than [`MIN_DRAWS`] draws per chain: R̂, effective sample sizes and standard errors are
//!   NaN.
//! - NaN among the draws: every diagnostic is NaN. Infinite draws have ranks, so rank-based numbers
//!   are defined; the others become NaN.
//! - Draws that are all equal, which means that they span less than 10⁻¹⁵: the effective sample
//!   size is their number, R̂ is NaN (0/0), the standard error of the mean is 0.
//! - Chains that are each constant but differ: R̂ is infinite.
//! - One chain: every R̂ is NaN, the rest is defined.
//! - An odd number of draws: splitting drops the middle draw; nothing else does.

mod autocorrelation;
mod bfmi;
mod curvature;
mod draws;
mod ess;
mod fourier;
mod mcse;
mod null;
mod rank;
mod rhat;
mod stats;
mod summary;
#[cfg(test)]
mod testing;
mod transitions;

pub use autocorrelation::{autocorrelation, autocovariance};
pub use bfmi::bfmi;
pub use curvature::{PowerIteration, largest_curvature};
pub use draws::{Draws, DrawsError, MIN_DRAWS, Trace};
pub use ess::{
    ess_bulk, ess_mean, ess_quantile, ess_sd, ess_tail, ess_unsplit,
    integrated_autocorrelation_time,
};
pub use mcse::{mcse_mean, mcse_quantile, mcse_sd};
pub use rhat::{rhat, rhat_bulk, rhat_folded, rhat_plain, rhat_split};
pub use summary::{MAX_RHAT, MIN_ESS_PER_CHAIN, Row, Summary};
pub use transitions::{DepthSummary, MIN_BFMI, Trajectories, TrajectorySummary, Transitions};
