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

mod chain;
pub mod diagnostics;
pub mod export;
mod kernel;
mod langevin;
mod update;

pub use chain::{ChainError, Chains, RUNAWAY_ENERGY, run};
pub use ebm_noise::Key;
pub use kernel::{Kernel, Transition};
pub use langevin::Langevin;
