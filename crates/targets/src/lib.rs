//! Energies with known answers, to test samplers on and to compare them by.
//!
//! States are tensors `[batch, dim]`, of single or double precision. Every target has its gradient in closed
//! form; what else is known exactly (moments, normaliser, independent draws) it tells through [`Target`].
//! Constructors answer with a [`TargetError`] where no such distribution exists.
//!
//! | target | what it is hard for |
//! |---|---|
//! | [`DiagonalGaussian`], [`CorrelatedGaussian`] | one step size for unequal scales |
//! | [`Mixture`], [`Ring`], [`DoubleWell`] | crossing from mode to mode |
//! | [`Banana`] | curved, narrow ridges |
//! | [`Funnel`] | scales that differ from place to place |
//! | [`StudentT`] | heavy tails, where the gradient vanishes |
//! | [`EightSchools`], [`LogisticRegression`] | posteriors as they occur |
//! | [`RestrictedBoltzmann`], [`Ising`] | discrete states, and the gradient of their continuous extension |
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

use burn::tensor::{Device, Tensor};
use ebm_noise::Key;

use ebm_energy::Energy;

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
mod matrix;
mod mixture;
mod quadrature;
mod restricted_boltzmann;
mod ring;
mod student_t;

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

/// ln 2π.
const LN_TAU: f64 = 1.837_877_066_409_345_5;

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

#[cfg(test)]
mod tests;

/// The sum over the coordinates. `x`: `[batch, dim]`, output: `[batch]`.
fn row_sum(x: Tensor<2>) -> Tensor<1> {
    x.sum_dim(1).squeeze_dim(1)
}

/// ln(1 + eˣ).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// 1 / (1 + e⁻ˣ).
fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

/// ln Σ exp(xᵢ).
fn log_sum_exp(x: &[f64]) -> f64 {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + x.iter().map(|x| (x - largest).exp()).sum::<f64>().ln()
}
