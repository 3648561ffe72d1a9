//! The trait of energies with known answers.

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;

/// An energy over `[batch, dim]` of which something is known exactly.
///
/// "Exactly" includes numerical integration in one dimension or two, which is carried to rounding error.
pub trait Target: Energy<2> {
    /// A short name, for reports and file names.
    fn name(&self) -> &'static str;

    /// The number of coordinates of a state.
    fn dim(&self) -> usize;

    /// The mean of each coordinate; `None` where it does not exist or is not known.
    fn mean(&self) -> Option<Vec<f64>> {
        None
    }

    /// The variance of each coordinate; `None` where it is infinite or not known.
    fn variance(&self) -> Option<Vec<f64>> {
        None
    }

    /// log ∫ exp(−U(x)) dx (a sum, where states are discrete); `None` where it is not known.
    fn log_normaliser(&self) -> Option<f64> {
        None
    }

    /// Independent draws from p(x) ∝ exp(−U(x)); `None` where there is no sampler but a Markov chain.
    ///
    /// Row `i` depends on `key` and `i`, not on `rows`.
    ///
    /// # Shapes
    /// - output: `[rows, dim]`
    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let _ = (rows, key, device);
        None
    }
}
