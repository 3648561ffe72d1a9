//! What is sampled: energies U(x), with p(x) ∝ exp(−U(x)).
//!
//! [`Energy`] is all that a sampler knows of a model. [`ConvEnergy`] is the network of variational MCMC
//! teaching, [`ResidualEnergy`] a modern one, and [`EnergyNetwork`] the one that a recipe chose.
//! [`GaussianReference`] is the reference term that turns a network into the paper's model, [`Gaussian`] a
//! target of any rank with known moments, and [`FnEnergy`] makes an energy of any closure. [`targets`] has the
//! energies with known answers that samplers are tested on.
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

mod activation;
mod analytic;
mod block;
mod condition;
mod config;
mod conv;
mod ema;
mod energy;
mod error;
mod frozen;
mod host;
mod learning;
mod network;
mod padding;
mod reference;
mod residual;
mod spectral;
pub mod targets;

pub use activation::leaky_relu;
pub use analytic::{FnEnergy, Gaussian};
pub use block::{BlockEnergy, LANES};
pub use condition::{Condition, ConditionConfig};
pub use config::EnergyConfig;
pub use conv::{ConvEnergy, ConvEnergyConfig, ConvLayer};
pub use ema::Ema;
pub use energy::{Energy, Frozen};
pub use error::NetworkError;
pub use frozen::FrozenConvEnergy;
pub use host::is_host;
pub use learning::{Contrast, Learning, Terms};
pub use network::{EnergyNetwork, Given};
pub use padding::{same_output, same_padding};
pub use reference::{GaussianReference, squared_norm};
pub use residual::{ResidualEnergy, ResidualEnergyConfig};
