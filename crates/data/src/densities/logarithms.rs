//! Logarithms of densities.

use std::f64::consts::TAU;

/// Returns the logarithm of the largest value of N(·; μ, σ²·I) in the plane, −log 2πσ².
pub(super) fn log_peak(std: f64) -> f64 {
    -(TAU * std * std).ln()
}

/// Returns log Σ exp of at least one term.
pub(super) fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + terms.map(|term| (term - largest).exp()).sum::<f64>().ln()
}
