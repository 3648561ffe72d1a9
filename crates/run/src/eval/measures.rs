//! Measures of samples with confidence intervals.

use std::fmt;

use burn::tensor::Tensor;
use ebm::metrics::{
    Bootstrap, FeatureSet, Interval, Moments, Neighbours, Spread, Subsets, frechet_distance,
    inception_score, jackknife_error, kernel_distance_of_subsets,
};
use ebm::noise::Key;
use serde::Serialize;

use super::reference_statistics::ReferenceStatistics;
use crate::Result;
use crate::feature_network::{NamedNetwork, features};

/// The number of parts of an inception score.
const PARTS: usize = 10;
/// The number of groups of samples that are left out, one at a time, for the standard error of a
/// Fréchet distance.
const GROUPS: usize = 10;
/// The number of features from which on each Fréchet distance takes minutes, and its interval is
/// left out.
const MANY_FEATURES: usize = 2_000;
/// The numbers of neighbours of precision and recall, and of density and coverage, as in their
/// papers.
const PRECISION_NEIGHBOURS: usize = 3;
const DENSITY_NEIGHBOURS: usize = 5;
/// The number of subsets of a kernel distance, of 1 000 rows or a quarter of a set.
const SUBSETS: usize = 20;
/// The number of standard errors to each side that contain 95 % of a normal distribution.
const TWO_SIDED: f64 = 1.959_963_984_540_054;

/// A kind of measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Metric {
    /// The Fréchet distance; FID, with the Inception network of pytorch-fid.
    Fd,
    /// The kernel distance of subsets.
    Kid,
    /// The inception score, with a network that classifies.
    Is,
    /// The improved precision and recall.
    Pr,
    /// The density and the coverage.
    Dc,
    /// The share of the class that is rarest among samples, times the number of classes: 1 for
    /// equal shares, 0 where a class is missing; with a network that classifies.
    Rarest,
    /// The share of samples that show the class that was requested, of a run that learned classes;
    /// with a network that classifies.
    Accuracy,
}

impl Metric {
    /// Returns whether it is computed from class probabilities.
    fn needs_classes(&self) -> bool {
        matches!(self, Self::Is | Self::Rarest | Self::Accuracy)
    }
}

/// A measure and its 95 % confidence interval.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Measure {
    /// The name of the measure, with the feature network.
    pub score: String,
    /// The estimate.
    pub value: f64,
    /// The lower end of the interval; `None` where an interval would take too long.
    pub low: Option<f64>,
    /// The upper end of the interval.
    pub high: Option<f64>,
    /// The method of the interval: `bootstrap`, `subsets`, `parts`, `jackknife` or `none`.
    pub interval: &'static str,
}

impl Measure {
    fn normal(score: String, value: f64, error: f64, interval: &'static str) -> Self {
        let (low, high) = (value - TWO_SIDED * error, value + TWO_SIDED * error);
        Self { score, value, low: Some(low), high: Some(high), interval }
    }

    /// Computes the mean of one value for each sample or image.
    fn mean(score: String, values: &[f64], key: Key) -> Result<Self> {
        let Interval { low, high } = Bootstrap::default().mean(values, key)?;
        let value = Spread::of(values).mean;
        Ok(Self { score, value, low: Some(low), high: Some(high), interval: "bootstrap" })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:28} {:>12.5}", self.score, self.value)?;
        match (self.low, self.high) {
            (Some(low), Some(high)) => write!(f, "  95 % in [{low:.5}, {high:.5}]"),
            _ => Ok(()),
        }
    }
}

/// Measures samples `[n, channels, height, width]` against a reference. `labels` are the classes
/// that they should show, for [`Metric::Accuracy`].
pub(super) fn measures(
    network: &NamedNetwork,
    reference: &ReferenceStatistics,
    samples: Tensor<4>,
    labels: Option<&[usize]>,
    metrics: &[Metric],
    key: Key,
) -> Result<Vec<Measure>> {
    let features = features(&**network, samples.clone())?;
    let classifies = metrics.iter().any(Metric::needs_classes);
    let probabilities = classifies.then(|| network.class_probabilities(samples)).transpose()?;
    let probabilities = || probabilities.as_ref().expect("a metric needs them");
    let named = |score: &str| format!("{score}({})", network.name());
    let mut measures = Vec::new();
    for metric in metrics {
        match metric {
            Metric::Fd => {
                let name = if network.is_inception() { "FID".into() } else { named("FD") };
                measures.push(frechet(name, &features, &reference.moments)?);
            }
            Metric::Kid => {
                let name = if network.is_inception() { "KID".into() } else { named("KD") };
                let least = features.len().min(reference.features.len());
                let size = Subsets::default().size.min(least / 4).max(2);
                let subsets = Subsets { size, count: SUBSETS };
                let spread =
                    kernel_distance_of_subsets(&features, &reference.features, subsets, key)?;
                let error = subsets.standard_error(spread, least);
                measures.push(Measure::normal(name, spread.mean, error, "subsets"));
            }
            Metric::Is => {
                let name = if network.is_inception() { "IS".into() } else { named("IS") };
                let parts = inception_score(probabilities(), PARTS)?;
                let error = parts.standard_deviation / ((PARTS - 1) as f64).sqrt();
                measures.push(Measure::normal(name, parts.mean, error, "parts"));
            }
            Metric::Pr => {
                let found = Neighbours::new(&reference.features, &features, PRECISION_NEIGHBOURS)?;
                measures.push(Measure::mean(named("precision"), &found.precision, key)?);
                measures.push(Measure::mean(named("recall"), &found.recall, key)?);
            }
            Metric::Rarest => {
                let value = rarest_class(probabilities());
                let score = named("rarest class");
                measures.push(Measure { score, value, low: None, high: None, interval: "none" });
            }
            Metric::Accuracy => {
                let rows = likeliest(probabilities()).zip(labels.unwrap_or_default());
                let correct = rows.map(|(class, label)| f64::from(u8::from(class == *label)));
                let correct: Vec<f64> = correct.collect();
                measures.push(Measure::mean(named("accuracy"), &correct, key)?);
            }
            Metric::Dc => {
                let found = Neighbours::new(&reference.features, &features, DENSITY_NEIGHBOURS)?;
                measures.push(Measure::mean(named("density"), &found.density, key)?);
                measures.push(Measure::mean(named("coverage"), &found.coverage, key)?);
            }
        }
    }
    Ok(measures)
}

/// Returns the share of the rarest class, times the number of classes.
fn rarest_class(probabilities: &FeatureSet) -> f64 {
    let (images, classes) = (probabilities.len(), probabilities.dim());
    let mut counts = vec![0_usize; classes];
    likeliest(probabilities).for_each(|class| counts[class] += 1);
    let least = counts.into_iter().min().unwrap_or(0);
    (least * classes) as f64 / images as f64
}

/// Returns the class of the largest probability of each row.
fn likeliest(probabilities: &FeatureSet) -> impl Iterator<Item = usize> + '_ {
    probabilities.rows().map(|row| {
        let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        best.expect("at least one class")
    })
}

/// Computes the Fréchet distance. The reference is taken to be exact: the interval is that of the
/// samples.
fn frechet(name: String, samples: &FeatureSet, reference: &Moments) -> Result<Measure> {
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
        return Ok(Measure { score: name, value, low: None, high: None, interval: "none" });
    }
    let left_out = (0..GROUPS).map(|group| without(Some(group))).collect::<Result<Vec<_>, _>>()?;
    Ok(Measure::normal(name, value, jackknife_error(&left_out)?, "jackknife"))
}
