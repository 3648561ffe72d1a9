//! How it is sampled: Markov chains whose stationary law is p(x) ∝ exp(−U(x)).
//!
//! A [`Kernel`] makes one transition; [`run`] iterates it over a batch of chains and stops with an error
//! that names the step if an energy or a state is no longer finite. Randomness comes in as a
//! [`Key`], so a chain can be run again, split or resumed with the same draws. [`diagnostics`] tell whether
//! chains have mixed, [`export`] hands their draws to NumPy and ArviZ.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_energy::Gaussian;
//! use ebm_mcmc::{Key, Langevin, run};
//!
//! let target = Gaussian { mean: 1.0, std: 0.5 };
//! let kernel = Langevin { step_size: 0.2, noise: true };
//! let start = Tensor::<2>::zeros([1000, 1], &Device::flex());
//! let chains = run(&kernel, &target, start, 300, Key::new(0), |_, _| {})?;
//! let mean: f32 = chains.state.mean().into_scalar();
//! assert!((mean - 1.0).abs() < 0.1);
//! # Ok::<(), ebm_mcmc::ChainError>(())
//! ```

mod adapt;
mod ais;
mod anisotropic;
mod chain;
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
pub use ais::{Bridge, LogRatio, annealed_importance};
pub use anisotropic::Anisotropic;
pub use chain::{ChainError, Chains, RUNAWAY_ENERGY, run};
pub use discrete::{Gibbs, GibbsWithGradients};
pub use ebm_noise::Key;
pub use hmc::Hmc;
pub use kernel::{Kernel, Point, State, Statistics};
pub use langevin::Langevin;
pub use mala::Mala;
pub use nuts::Nuts;
pub use sampler::{Sampler, Samples};
pub use sgld::{Counted, Preconditioned, PreconditionedSgld, Sgld};
pub use tempered::{ParallelTempering, Replicas, Tempered, anneal};
pub use underdamped::{Moving, Underdamped};
