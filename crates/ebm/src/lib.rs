//! Energy-based models on Burn: one door to the crates of the workspace.
//!
//! | module | crate | the question it answers |
//! |---|---|---|
//! | [`energy`] | `ebm-energy` | What is sampled? |
//! | [`networks`] | `ebm-networks` | Which networks are energies, and how do they learn? |
//! | [`targets`] | `ebm-targets` | Which energies have known answers? |
//! | [`layers`] | `ebm-layers` | What do networks and auto-encoders share? |
//! | [`mcmc`] | `ebm-mcmc` | How is it sampled? |
//! | [`vae`] | `ebm-vae` | Who starts the chain? |
//! | [`data`] | `ebm-data` | What is learned from? |
//! | [`metrics`] | `ebm-metrics` | How good is it? |
//! | [`teaching`] | `ebm-teaching` | How do they learn together? |
//! | [`noise`] | `ebm-noise` | Where does randomness come from? |
//! | [`tensor`] | `ebm-tensor` | What are shapes, conditions and examples? |
//! | [`files`] | `ebm-files` | How are files read and written safely? |
//!
//! [`device`] opens a backend by name at run time. The features of this crate say which backends are
//! compiled in: `flex` (the CPU, default), `ndarray`, `wgpu`, `vulkan`, `cuda`.
//!
//! ```
//! use ebm::data::{Batches, digits};
//! use ebm::device::{DeviceName, open};
//! use ebm::noise::Key;
//! use ebm::teaching::{Batch, Recipe, Trainer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = open(DeviceName::Cpu)?;
//! let mut recipe = Recipe::embedded("digits")?;
//! recipe.chains.steps = 2;
//! let images = digits()?;
//! let mut batches = Batches::new(images.len(), 8, Key::new(recipe.seed))?;
//! let mut trainer = Trainer::new(recipe, [1, 28], &device)?;
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
pub use ebm_targets as targets;
pub use ebm_teaching as teaching;
pub use ebm_tensor as tensor;
pub use ebm_vae as vae;
