//! Energy networks and their training by maximum likelihood.
//!
//! [`ConvEnergy`] is the network of variational MCMC teaching, [`ResidualEnergy`] a residual
//! network with optional spectral normalisation, and [`EnergyNetwork`] either of them, as an
//! [`EnergyConfig`] describes it. [`FrozenNetwork`] prepares the weights for chains and for
//! [`Learning`], the gradient of maximum likelihood. [`Ema`] is a moving average of weights.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_energy::Energy;
//! use ebm_networks::ConvEnergyConfig;
//! use ebm_noise::Key;
//! use ebm_tensor::ImageShape;
//!
//! let device = Device::flex();
//! let network = ConvEnergyConfig::mnist().init(ImageShape::new(1, 28), Key::new(0), &device)?;
//! let (energy, gradient) = network.energy_and_gradient(Tensor::zeros([2, 1, 28, 28], &device));
//! assert_eq!((energy.dims(), gradient.dims()), ([2], [2, 1, 28, 28]));
//! # Ok::<(), ebm_layers::NetworkError>(())
//! ```

mod config;
mod conv;
mod ema;
mod frozen;
mod frozen_network;
mod learning;
mod network;
mod residual;
mod spectral;
#[cfg(test)]
mod testing;

pub use config::EnergyConfig;
pub use conv::{ConvEnergy, ConvEnergyConfig};
pub use ema::Ema;
pub use frozen::FrozenConvEnergy;
pub use frozen_network::{FrozenEnergy, FrozenNetwork};
pub use learning::{Contrast, Learning, Terms};
pub use network::{EnergyNetwork, Given};
pub use residual::{ResidualEnergy, ResidualEnergyConfig};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
