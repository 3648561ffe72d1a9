//! Energies with known moments, normalisers and draws, for testing and comparing samplers.
//!
//! States are tensors `[batch, dim]`, of single or double precision. Every target has its gradient
//! in closed form; everything else that is known exactly (moments, normaliser, independent draws)
//! is available through [`Target`]. Constructors return a [`TargetError`] if no such distribution
//! exists.
//!
//! | target | difficulty |
//! |---|---|
//! | [`DiagonalGaussian`], [`CorrelatedGaussian`] | one step size for unequal scales |
//! | [`Mixture`], [`Ring`], [`DoubleWell`] | crossing from mode to mode |
//! | [`Banana`] | curved, narrow ridges |
//! | [`Funnel`] | scales that depend on the position |
//! | [`StudentT`] | heavy tails, where the gradient vanishes |
//! | [`EightSchools`], [`LogisticRegression`] | posteriors as they occur in practice |
//! | [`RestrictedBoltzmann`], [`Ising`] | discrete states, gradients of a continuous extension |
//!
//! ```
//! use burn::tensor::Device;
//! use ebm_targets::{Banana, Target};
//! use ebm_noise::Key;
//!
//! let banana = Banana::rosenbrock(2.0)?;
//! assert_eq!(banana.mean(), Some(vec![1.0, 2.0]));
//! let exact = banana.sample(1000, Key::new(0), &Device::flex()).expect("it has a sampler");
//! assert_eq!(exact.dims(), [1000, 2]);
//! # Ok::<(), ebm_targets::TargetError>(())
//! ```

mod banana;
#[cfg(test)]
mod check;
mod constant;
mod correlated;
mod diagonal;
mod double_well;
mod eight_schools;
mod error;
mod exp;
mod funnel;
mod ising;
mod logistic;
mod math;
mod matrix;
mod mixture;
mod quadrature;
mod restricted_boltzmann;
mod ring;
mod student_t;
mod target;

pub use banana::Banana;
pub use correlated::CorrelatedGaussian;
pub use diagonal::DiagonalGaussian;
pub use double_well::DoubleWell;
pub use eight_schools::EightSchools;
pub use error::TargetError;
pub use funnel::Funnel;
pub use ising::{Ising, Lattice};
pub use logistic::LogisticRegression;
pub use mixture::Mixture;
pub use restricted_boltzmann::RestrictedBoltzmann;
pub use ring::Ring;
pub use student_t::StudentT;
pub use target::Target;

#[cfg(test)]
mod tests;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
