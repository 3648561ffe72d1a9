//! Scores with intervals.

use std::fmt;

use anyhow::Result;
use burn::tensor::Tensor;
use ebm::metrics::{
    Bootstrap, FeatureSet, Interval, Moments, Neighbours, Spread, Subsets, frechet_distance,
    inception_score, jackknife_error, kernel_distance_of_subsets,
};
use ebm::noise::Key;
use serde::Serialize;

use super::Metric;
use super::network::Network;
use super::statistics::Statistics;

/// Parts of an inception score.
const PARTS: usize = 10;
/// Groups of samples that are left out, one at a time, for the error of a Fréchet distance.
const GROUPS: usize = 10;
/// Features of a network from which each of these distances takes minutes: no interval then.
const MANY_FEATURES: usize = 2_000;
/// Neighbours: of precision and recall, and of density and coverage, as in their papers.
const PRECISION_NEIGHBOURS: usize = 3;
const DENSITY_NEIGHBOURS: usize = 5;
/// Subsets of a kernel distance, of 1 000 rows or a quarter of a set.
const SUBSETS: usize = 20;
/// Standard errors to each side that 95 % of a normal law are within.
const TWO_SIDED: f64 = 1.959_963_984_540_054;

/// A score and its 95 % interval.
#[derive(Debug, Serialize)]
pub(super) struct Score {
    pub(super) score: String,
    pub(super) value: f64,
    /// `None` where it would take too long.
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    /// Where the interval is from.
    pub(super) interval: &'static str,
}

impl Score {
    fn normal(score: String, value: f64, error: f64, interval: &'static str) -> Self {
        let (low, high) = (value - TWO_SIDED * error, value + TWO_SIDED * error);
        Self { score, value, low: Some(low), high: Some(high), interval }
    }

    /// The mean of a value of each sample or image.
    fn mean(score: String, values: &[f64], key: Key) -> Result<Self> {
        let Interval { low, high } = Bootstrap::default().mean(values, key)?;
        let value = Spread::of(values).mean;
        Ok(Self { score, value, low: Some(low), high: Some(high), interval: "bootstrap" })
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:28} {:>12.5}", self.score, self.value)?;
        match (self.low, self.high) {
            (Some(low), Some(high)) => write!(f, "  95 % in [{low:.5}, {high:.5}]"),
            _ => Ok(()),
        }
    }
}

/// The scores of samples `[n, channels, height, width]` against a reference.
pub(super) fn scores(
    network: &Network,
    reference: &Statistics,
    samples: Tensor<4>,
    metrics: &[Metric],
    key: Key,
) -> Result<Vec<Score>> {
    let features = network.all(samples.clone())?;
    let named = |score: &str| format!("{score}({})", network.name());
    let mut scores = Vec::new();
    for metric in metrics {
        match metric {
            Metric::Fd => {
                let name = if network.is_inception { "FID".into() } else { named("FD") };
                scores.push(frechet(name, &features, &reference.moments)?);
            }
            Metric::Kid => {
                let name = if network.is_inception { "KID".into() } else { named("KD") };
                let least = features.len().min(reference.features.len());
                let size = Subsets::default().size.min(least / 4).max(2);
                let subsets = Subsets { size, count: SUBSETS };
                let spread =
                    kernel_distance_of_subsets(&features, &reference.features, subsets, key)?;
                let error = subsets.standard_error(spread, least);
                scores.push(Score::normal(name, spread.mean, error, "subsets"));
            }
            Metric::Is => {
                let name = if network.is_inception { "IS".into() } else { named("IS") };
                let parts = inception_score(&network.classes(samples.clone())?, PARTS)?;
                let error = parts.standard_deviation / ((PARTS - 1) as f64).sqrt();
                scores.push(Score::normal(name, parts.mean, error, "parts"));
            }
            Metric::Pr => {
                let found = Neighbours::new(&reference.features, &features, PRECISION_NEIGHBOURS)?;
                scores.push(Score::mean(named("precision"), &found.precision, key)?);
                scores.push(Score::mean(named("recall"), &found.recall, key)?);
            }
            Metric::Dc => {
                let found = Neighbours::new(&reference.features, &features, DENSITY_NEIGHBOURS)?;
                scores.push(Score::mean(named("density"), &found.density, key)?);
                scores.push(Score::mean(named("coverage"), &found.coverage, key)?);
            }
        }
    }
    Ok(scores)
}

/// The reference counts as exact: the interval is that of the samples.
fn frechet(name: String, samples: &FeatureSet, reference: &Moments) -> Result<Score> {
    let (len, dim) = (samples.len(), samples.dim());
    let group = |group: usize| {
        let indices: Vec<usize> = (group * len / GROUPS..(group + 1) * len / GROUPS).collect();
        Moments::of(&samples.select(&indices))
    };
    let groups: Vec<Moments> = (0..GROUPS).map(group).collect();
    let without = |left_out: Option<usize>| {
        let mut moments = Moments::new(dim);
        for (_, group) in groups.iter().enumerate().filter(|(group, _)| Some(*group) != left_out) {
            moments.merge(group)?;
        }
        frechet_distance(&moments, reference)
    };
    let value = without(None)?;
    if dim > MANY_FEATURES || len * (GROUPS - 1) / GROUPS <= dim + 1 {
        return Ok(Score { score: name, value, low: None, high: None, interval: "none" });
    }
    let left_out = (0..GROUPS).map(|group| without(Some(group))).collect::<Result<Vec<_>, _>>()?;
    Ok(Score::normal(name, value, jackknife_error(&left_out)?, "jackknife"))
}
