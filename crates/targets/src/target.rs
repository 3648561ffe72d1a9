//! The trait `Target`.

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;

/// An energy over `[batch, dim]` of which something is known exactly.
///
/// "Exactly" includes numerical integration in one or two dimensions, accurate to rounding error.
pub trait Target: Energy<2> {
    /// Returns a short name, for reports and file names.
    fn name(&self) -> &'static str;

    /// Returns the number of coordinates of a state.
    fn dim(&self) -> usize;

    /// Returns the mean of each coordinate, or `None` if it does not exist or is not known.
    fn mean(&self) -> Option<Vec<f64>> {
        None
    }

    /// Returns the variance of each coordinate, or `None` if it is infinite or not known.
    fn variance(&self) -> Option<Vec<f64>> {
        None
    }

    /// Returns log ∫ exp(−U(x)) dx (a sum for discrete states), or `None` if it is not known.
    fn log_normaliser(&self) -> Option<f64> {
        None
    }

    /// Returns independent draws from p(x) ∝ exp(−U(x)), or `None` if only Markov chains can sample
    /// it.
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
