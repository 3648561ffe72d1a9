//! Tasks on a [trained run](crate::TrainedRun): one file, one method, one options struct and one
//! result for each.

pub mod classify;
pub mod complete;
pub mod doctor;
pub mod energies;
pub mod inpaint;
pub mod interpolate;
pub mod log_z;
pub mod reconstruct;
pub mod refine;
pub mod sample;

pub use classify::{Classification, ClassifyOptions};
pub use complete::{CompleteOptions, Completion};
pub use doctor::{Checkup, DoctorOptions, Finding};
pub use energies::{Baseline, EnergyComparison, EnergyOptions};
pub use inpaint::{InpaintOptions, Inpainting, Mask, Method};
pub use interpolate::{Ends, InterpolateOptions, Interpolation};
pub use log_z::{LogZ, LogZOptions};
pub use reconstruct::{Fidelity, ReconstructOptions, Reconstruction};
pub use refine::{RefineOptions, Refinement};
pub use sample::{DrawnSamples, SampleOptions};
