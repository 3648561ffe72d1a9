//! Energies U(x), with p(x) ∝ exp(−U(x)).
//!
//! The trait [`Energy`] is all that a sampler knows of a model. [`FnEnergy`] turns any closure into
//! an energy; [`Gaussian`] is a target of any rank with known moments. Adapters turn energies into
//! others: [`GaussianReference`] adds the term that makes a network the model of variational MCMC
//! teaching, [`Tempered`] divides by a temperature, [`GradientClip`] limits the gradient, and
//! [`Bridge`] mixes two energies. Networks are in `ebm-networks`, targets with known moments in
//! `ebm-targets`.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_energy::{Energy, FnEnergy};
//!
//! // A double well in every coordinate: U(x) = Σ (x² − 1)².
//! let well = FnEnergy::new(|x: Tensor<2>| {
//!     (x.powi_scalar(2) - 1.0).powi_scalar(2).sum_dim(1).squeeze_dim::<1>(1)
//! });
//! let x = Tensor::from_data([[0.5, 2.0]], &Device::flex());
//! let (energy, gradient) = well.energy_and_gradient(x);
//! energy.into_data().assert_eq(&[0.5625 + 9.0_f32].into(), false);
//! // dU/dx = 4x(x² − 1)
//! gradient.into_data().assert_eq(&[[-1.5_f32, 24.0]].into(), false);
//! ```

mod adapters;
mod analytic;
mod bipartite;
mod block;
mod energy;
mod norm;

pub use adapters::{Bridge, Either, GaussianReference, GradientClip, Tempered};
pub use analytic::{FnEnergy, Gaussian};
pub use bipartite::Bipartite;
pub use block::{BlockEnergy, LANES};
pub use energy::{Energy, Frozen, prepare};
pub use norm::squared_norm;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
