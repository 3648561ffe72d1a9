//! How it is sampled: Markov chains whose stationary law is p(x) ∝ exp(−U(x)).
//!
//! A [`Kernel`] makes one transition of a batch of chains. [`Sampler`] iterates it and gathers draws; [`run`] makes a
//! number of transitions and gives the last states. Both stop with an error that names the step if an energy or a
//! state is no longer finite. Randomness comes in as a [`Key`], so a chain can be run again, split or
//! resumed with the same draws. [`diagnostics`] tell whether chains have mixed, [`export`] hands their draws to
//! NumPy and ArviZ.
//!
#![doc = include_str!("../README.md")]

mod adapt;
mod ais;
mod anisotropic;
mod block_gibbs;
mod chain;
mod constrained;
pub mod diagnostics;
mod discrete;
pub mod export;
mod fused;
mod hmc;
mod kernel;
mod langevin;
mod mala;
mod nuts;
mod sampler;
mod sgld;
mod tempered;
mod underdamped;
mod update;

pub use adapt::{Tunable, WarmUp};
pub use ais::{LogRatio, annealed_importance};
pub use anisotropic::Anisotropic;
pub use block_gibbs::BlockGibbs;
pub use chain::{ChainError, Chains, RUNAWAY_ENERGY, run};
pub use constrained::{Constrained, Constraint, Held};
pub use discrete::{Gibbs, GibbsWithGradients};
pub use ebm_noise::Key;
pub use hmc::Hmc;
pub use kernel::{Kernel, Point, State, Statistics};
pub use langevin::Langevin;
pub use mala::Mala;
pub use nuts::Nuts;
pub use sampler::{Sampler, Samples};
pub use sgld::{Counted, Preconditioned, PreconditionedSgld, Sgld};
pub use tempered::{ParallelTempering, Replicas, anneal};
pub use underdamped::{Moving, Underdamped};
