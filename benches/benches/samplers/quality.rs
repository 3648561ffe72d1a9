//! The effective sample size of draws, and the errors of their moments.

use ebm::mcmc::diagnostics::{Draws, MAX_RHAT, ess_bulk, ess_mean, rhat};
use ebm::targets::Target;
use rayon::prelude::*;

/// The quality of draws of a target, that of the worst of its coordinates.
pub(crate) struct Quality {
    /// The bulk effective sample size of all chains.
    pub(crate) ess: f64,
    pub(crate) rhat: f64,
    /// The error |mean − known mean| in Monte-Carlo standard errors; NaN where the mean is unknown.
    pub(crate) mean_error: f64,
    /// The error |E[(x − known mean)²] − known variance| in Monte-Carlo standard errors.
    pub(crate) variance_error: f64,
}

/// The number of chains from which diagnostics are computed. Chains are alike: effective sample
/// sizes are scaled up to all.
const CHAINS: usize = 16;

/// The fewest effective draws with which diagnostics can be trusted (Vehtari et al. 2021, section
/// 4).
const MIN_ESS: f64 = 400.0;

/// The limit of errors, more standard errors than the largest of a few dozen moments has by chance.
const MAX_ERRORS: f64 = 5.0;

impl Quality {
    pub(crate) fn new(draws: &Draws, target: &dyn Target) -> Self {
        let dim = draws.coordinates();
        let [mean, variance] = [target.mean(), target.variance()]
            .map(|moment| moment.unwrap_or_else(|| vec![f64::NAN; dim]));
        let squares: Vec<f64> =
            draws.values().iter().enumerate().map(|(i, x)| (x - mean[i % dim]).powi(2)).collect();
        let [first, first_squares] = [draws.values(), &squares].map(|values| head(values, draws));
        let factor = draws.chains() as f64 / first.chains() as f64;
        let off = |i: usize, all: &[f64], first: &Draws, expected: f64| {
            let (mean, sd) = mean_and_sd(all.iter().skip(i).step_by(dim));
            let ess = factor * ess_mean(&first.coordinate(i));
            (mean - expected).abs() / (sd / ess.sqrt())
        };
        let over =
            |f: &(dyn Fn(usize) -> f64 + Sync)| (0..dim).into_par_iter().map(f).collect::<Vec<_>>();
        Self {
            ess: factor * smallest(over(&|i| ess_bulk(&first.coordinate(i)))),
            rhat: largest(over(&|i| rhat(&first.coordinate(i)))),
            mean_error: largest(over(&|i| off(i, draws.values(), &first, mean[i]))),
            variance_error: largest(over(&|i| off(i, &squares, &first_squares, variance[i]))),
        }
    }

    pub(crate) fn verdict(&self) -> &'static str {
        if !(self.rhat <= MAX_RHAT && self.ess >= MIN_ESS) {
            "not mixed"
        } else if self.mean_error > MAX_ERRORS || self.variance_error > MAX_ERRORS {
            "biased"
        } else {
            "mixed"
        }
    }
}

/// Returns the first chains of these values.
fn head(values: &[f64], like: &Draws) -> Draws {
    let mut shape = like.shape().to_vec();
    shape[0] = shape[0].min(CHAINS);
    let length = shape.iter().product();
    Draws::new(values[..length].to_vec(), &shape).expect("a part of draws")
}

fn mean_and_sd<'v>(values: impl Iterator<Item = &'v f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}

/// Returns the largest value; NaN if any is NaN, whatever its sign.
fn largest(values: Vec<f64>) -> f64 {
    values.into_iter().map(f64::abs).max_by(f64::total_cmp).unwrap_or(f64::NAN)
}

fn smallest(values: Vec<f64>) -> f64 {
    values.into_iter().min_by(f64::total_cmp).unwrap_or(f64::NAN)
}
