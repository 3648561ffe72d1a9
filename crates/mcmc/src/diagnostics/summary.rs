//! The table to look at first: one row for each coordinate of each variable, and the statistics of
//! the sampler.

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::draws::{Draws, Trace};
use super::ess::{ess_bulk, ess_tail};
use super::mcse::mcse_mean;
use super::null;
use super::rhat::rhat;
use super::stats::{mean, variance};
use super::transitions::TrajectorySummary;

/// The largest R̂ of chains that count as mixed (Vehtari et al. 2021, section 4).
pub const MAX_RHAT: f64 = 1.01;

/// The fewest effective draws per chain, in the bulk, of chains that count as mixed (Vehtari et al.
/// 2021, section 4).
pub const MIN_ESS_PER_CHAIN: f64 = 100.0;

/// A summary of the draws of some variables, with one row for each coordinate.
///
/// Its [`Display`](fmt::Display) is an aligned table in which rows that have not mixed are marked,
/// followed by the statistics of Hamiltonian trajectories, with advice on problems.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// The rows, in the order of variables and coordinates.
    pub rows: Vec<Row>,
    /// The divergences, depths and BFMI, for Hamiltonian kernels.
    #[serde(default)]
    pub trajectories: Option<TrajectorySummary>,
}

/// The summary of one coordinate. JSON has no NaN and no infinity: they are written as null there
/// and read back as NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// The name of the variable, with the index of the coordinate if there are several: `x[0,2]`.
    pub name: String,
    /// The number of chains.
    pub chains: usize,
    /// The number of draws per chain.
    pub draws: usize,
    /// The mean of all draws.
    #[serde(deserialize_with = "null::number")]
    pub mean: f64,
    /// The unbiased standard deviation of all draws.
    #[serde(deserialize_with = "null::number")]
    pub sd: f64,
    /// The Monte-Carlo standard error of the mean, [`mcse_mean`].
    #[serde(deserialize_with = "null::number")]
    pub mcse_mean: f64,
    /// The effective sample size in the bulk, [`ess_bulk`].
    #[serde(deserialize_with = "null::number")]
    pub ess_bulk: f64,
    /// The effective sample size in the tails, [`ess_tail`].
    #[serde(deserialize_with = "null::number")]
    pub ess_tail: f64,
    /// The potential scale reduction, [`rhat`].
    #[serde(deserialize_with = "null::number")]
    pub rhat: f64,
}

impl Summary {
    /// Summarises named variables.
    pub fn new<'a>(variables: impl IntoIterator<Item = (&'a str, &'a Draws)>) -> Self {
        let of_variable = |(name, draws): (&str, &'a Draws)| {
            let rows = (0..draws.coordinates()).into_par_iter();
            rows.map(|i| Row::new(label(name, draws, i), &draws.coordinate(i))).collect::<Vec<_>>()
        };
        let rows = variables.into_iter().flat_map(of_variable).collect();
        Self { rows, trajectories: None }
    }

    /// Returns the summary with that of Hamiltonian trajectories.
    pub fn with_trajectories(self, trajectories: TrajectorySummary) -> Self {
        Self { trajectories: Some(trajectories), ..self }
    }

    /// Returns whether every row has mixed.
    pub fn mixed(&self) -> bool {
        self.rows.iter().all(Row::mixed)
    }
}

impl Row {
    fn new(name: String, trace: &Trace) -> Self {
        Self {
            name,
            chains: trace.chains().len(),
            draws: trace.draws(),
            mean: mean(trace.values()),
            sd: variance(trace.values()).sqrt(),
            mcse_mean: mcse_mean(trace),
            ess_bulk: ess_bulk(trace),
            ess_tail: ess_tail(trace),
            rhat: rhat(trace),
        }
    }

    /// Returns whether R̂ is at most [`MAX_RHAT`] and the bulk has at least [`MIN_ESS_PER_CHAIN`]
    /// effective draws per chain. Where they are undefined, as for one chain, too few draws, NaN,
    /// or draws that are all equal, the row counts as not mixed.
    pub fn mixed(&self) -> bool {
        self.rhat <= MAX_RHAT && self.ess_bulk >= MIN_ESS_PER_CHAIN * self.chains as f64
    }
}

fn label(name: &str, draws: &Draws, coordinate: usize) -> String {
    let index: Vec<_> = draws.index(coordinate).iter().map(ToString::to_string).collect();
    if index.is_empty() { name.to_owned() } else { format!("{name}[{}]", index.join(",")) }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        writeln!(
            f,
            "{:width$} {:>10} {:>10} {:>10} {:>9} {:>9} {:>7}",
            "", "mean", "sd", "mcse_mean", "ess_bulk", "ess_tail", "r_hat"
        )?;
        for row in &self.rows {
            let Row { name, ess_bulk, ess_tail, rhat, .. } = row;
            let [mean, sd, mcse] = [row.mean, row.sd, row.mcse_mean].map(number);
            write!(f, "{name:width$} {mean:>10} {sd:>10} {mcse:>10} ")?;
            write!(f, "{ess_bulk:>9.0} {ess_tail:>9.0} {rhat:>7.3}")?;
            writeln!(f, "{}", if row.mixed() { "" } else { "  not mixed" })?;
        }
        let unmixed = self.rows.iter().filter(|row| !row.mixed()).count();
        if unmixed > 0 {
            writeln!(
                f,
                "{unmixed} of {} not mixed: r_hat above {MAX_RHAT}, ess_bulk below \
                 {MIN_ESS_PER_CHAIN} per chain, or undefined",
                self.rows.len()
            )?;
        }
        self.trajectories.as_ref().map_or(Ok(()), |trajectories| trajectories.fmt(f))
    }
}

/// Formats a number with four significant digits in at most ten characters.
fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = size.log10().floor();
    if (-3.0..5.0).contains(&exponent) {
        format!("{value:.*}", (3.0 - exponent).max(0.0) as usize)
    } else {
        format!("{value:.3e}")
    }
}

#[cfg(test)]
mod tests;
