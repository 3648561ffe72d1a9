//! Energy-based models on Burn: one facade for the crates of the workspace.
//!
//! | module | crate | content |
//! |---|---|---|
//! | [`energy`] | `ebm-energy` | the trait `Energy`, adapters, Gaussians, energies of your own |
//! | [`targets`] | `ebm-targets` | energies with known answers |
//! | [`layers`] | `ebm-layers` | layers that networks and auto-encoders share |
//! | [`networks`] | `ebm-networks` | networks that are energies, and how they learn |
//! | [`mcmc`] | `ebm-mcmc` | kernels, warm-up, draws and diagnostics |
//! | [`vae`] | `ebm-vae` | the auto-encoder that initialises chains |
//! | [`data`] | `ebm-data` | data sets, downloads, batches, densities in the plane |
//! | [`metrics`] | `ebm-metrics` | measures of samples, feature networks |
//! | [`teaching`] | `ebm-teaching` | recipes and training by variational MCMC teaching |
//! | [`tensor`] | `ebm-tensor` | shapes of images, conditions, examples |
//! | [`noise`] | `ebm-noise` | keys, from which all random numbers follow |
//! | [`score`] | `ebm-score` | fast scores of frozen networks on a CPU, without Burn |
//! | [`files`] | `ebm-files` | durable writes, checksums, .npy and .npz |
//!
//! [`device`] opens a backend by name at run time. The features of this crate select the backends
//! that are compiled in: `flex` (the CPU, default), `ndarray`, `wgpu`, `vulkan`, `cuda`.
//!
//! ```
//! use ebm::data::{Batches, digits};
//! use ebm::device::{DeviceName, open};
//! use ebm::noise::Key;
//! use ebm::teaching::{Batch, Recipe, Trainer};
//! use ebm::tensor::ImageShape;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = open(DeviceName::Cpu)?;
//! let mut recipe = Recipe::embedded("digits")?;
//! recipe.chains.steps = 2;
//! let images = digits()?;
//! let mut batches = Batches::new(images.len(), 8, Key::new(recipe.seed))?;
//! let mut trainer = Trainer::new(recipe, ImageShape::new(1, 28), &device)?;
//! let metrics = trainer.step(Batch::new(images.batch(&batches.indices(0), &device), 0))?;
//! println!("mean f(x̃) − mean f(x) = {:?}", metrics.energy_loss);
//! # Ok(())
//! # }
//! ```

pub mod device;

pub use ebm_data as data;
pub use ebm_energy as energy;
pub use ebm_files as files;
pub use ebm_layers as layers;
pub use ebm_mcmc as mcmc;
pub use ebm_metrics as metrics;
pub use ebm_networks as networks;
pub use ebm_noise as noise;
pub use ebm_score as score;
pub use ebm_targets as targets;
pub use ebm_teaching as teaching;
pub use ebm_tensor as tensor;
pub use ebm_vae as vae;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
