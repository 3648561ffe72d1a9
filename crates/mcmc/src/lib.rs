//! Markov chain Monte Carlo: kernels whose stationary distribution is p(x) ∝ exp(−U(x)), run in
//! batches on any backend of Burn.
//!
//! A [`Kernel`] makes one transition of a batch of chains. [`Sampler`] iterates it and gathers
//! draws and the statistics of each transition; [`run`] makes a number of transitions and returns
//! the last states. Both stop with an error that names the step if an energy or a state is no
//! longer finite. Randomness is passed in as a [`Key`], so a chain can be run again, split or
//! resumed with the same draws. [`diagnostics`] show whether chains have mixed, and [`export`]
//! writes their draws for NumPy and ArviZ.
//!
#![doc = include_str!("../README.md")]

mod anisotropic;
mod annealed_importance;
mod block_gibbs;
mod chain;
mod constrained;
pub mod diagnostics;
mod discrete;
pub mod export;
mod fused;
mod health;
mod hmc;
mod kernel;
mod langevin;
mod mala;
mod nuts;
mod point;
mod sampler;
mod samples;
mod sgld;
mod statistics;
mod tempered;
mod underdamped;
mod update;
mod warm_up;

pub use anisotropic::Anisotropic;
pub use annealed_importance::{LogRatio, annealed_importance};
pub use block_gibbs::BlockGibbs;
pub use chain::{ChainError, Chains, MAX_ENERGY, run};
pub use constrained::{Constrained, Constraint, Held};
pub use discrete::{Gibbs, GibbsWithGradients};
pub use ebm_noise::Key;
pub use health::{Health, Watched};
pub use hmc::Hmc;
pub use kernel::{Kernel, State};
pub use langevin::Langevin;
pub use mala::Mala;
pub use nuts::Nuts;
pub use point::Point;
pub use sampler::Sampler;
pub use samples::Samples;
pub use sgld::{PreconditionedSgld, PreconditionedState, Sgld, SgldState};
pub use statistics::{Statistics, Trajectory, TreeDepth};
pub use tempered::{ParallelTempering, Replicas, anneal};
pub use underdamped::{PhasePoint, Underdamped};
pub use warm_up::{Tunable, WarmUp};
