//! The energies of images, and how well they separate two sets.

use ebm::metrics::{Spread, auroc};
use ebm::noise::streams;
use ebm::tensor::{Examples, values_f64};
use serde::Serialize;

use crate::error::unsuitable;
use crate::reference::DataChoice;
use crate::{OutputFolder, Result, TrainedRun};

/// The number of images whose energies are computed at once.
const BATCH: usize = 1_024;
/// The levels of the quantiles of a summary.
const LEVELS: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

/// The images that data are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Baseline {
    /// Images of uniform noise in [−1, 1].
    Noise,
    /// The data with the opposite sign, −x.
    Inverted,
    /// Another data set or density, in its default split.
    Set(String),
}

/// The options of [`TrainedRun::energies`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnergyOptions {
    /// The number of images, evenly spread over the data set.
    pub count: usize,
    /// The images that the data are compared with, if any.
    pub against: Option<Baseline>,
    /// The data set.
    pub data: DataChoice,
}

impl EnergyOptions {
    /// Creates options for `count` images of the recipe's data set, compared with nothing.
    pub fn new(count: usize) -> Self {
        Self { count, against: None, data: DataChoice::default() }
    }

    /// Sets the images that the data are compared with.
    pub fn with_baseline(mut self, baseline: Baseline) -> Self {
        self.against = Some(baseline);
        self
    }
}

/// The energies of the images of a set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SetEnergies {
    /// The name of the set.
    pub set: String,
    /// The indices of the images in the set.
    pub images: Vec<usize>,
    /// The energy U of each image.
    pub energies: Vec<f64>,
}

/// The energies of data and of the images that they are compared with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnergyComparison {
    /// The data.
    pub set: SetEnergies,
    /// The images that they are compared with.
    pub against: Option<SetEnergies>,
    /// The probability that an image of the second set has a higher energy than one of the first.
    pub auroc: Option<f64>,
}

/// The statistics of the energies of a set.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The name of the set.
    pub set: String,
    /// The number of images.
    pub images: usize,
    /// The mean energy.
    pub mean: f64,
    /// The standard deviation with n − 1 as divisor; 0 for a single image.
    pub standard_deviation: f64,
    /// The quantiles at 0, 5, 25, 50, 75, 95 and 100 %.
    pub quantiles: [f64; LEVELS.len()],
}

/// A line of `energies.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    set: &'a str,
    image: usize,
    energy: f64,
}

/// The content of `score.json`.
#[derive(Serialize)]
struct Report {
    set: Summary,
    against: Option<Summary>,
    auroc: Option<f64>,
}

impl TrainedRun {
    /// Computes the energies of data and, if a baseline is chosen, how well they separate the two
    /// sets.
    ///
    /// # Errors
    /// [`RunError::Teaching`](crate::RunError::Teaching) without an energy,
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for data that cannot be used and for
    /// energies that are not finite.
    pub fn energies(&self, options: &EnergyOptions) -> Result<EnergyComparison> {
        let device = self.trainer().device();
        let reference = self.reference(&options.data)?;
        let (indices, examples) = reference.spread(options.count, device);
        let examples = self.conditioned(&reference, &indices, examples);
        let name = reference.to_string();
        let set = self.set_energies(name.clone(), indices.clone(), examples.clone())?;
        let Examples { images: data, condition } = examples;
        let against = match &options.against {
            None => None,
            Some(Baseline::Noise) => {
                let noise = self.key().fold(streams::score::NOISE).uniform(data.dims(), device);
                let examples = Examples { images: noise * 2.0 - 1.0, condition };
                Some(self.set_energies("noise".into(), indices, examples)?)
            }
            Some(Baseline::Inverted) => {
                let name = format!("{name}, inverted");
                let examples = Examples { images: data.neg(), condition };
                Some(self.set_energies(name, indices, examples)?)
            }
            Some(Baseline::Set(set)) => {
                let other = self.other_reference(set, &options.data.location)?;
                let (indices, examples) = other.spread(options.count, device);
                let examples = self.conditioned(&other, &indices, examples);
                Some(self.set_energies(other.to_string(), indices, examples)?)
            }
        };
        let auroc = match &against {
            None => None,
            Some(other) => match auroc(&set.energies, &other.energies) {
                Some(area) => Some(area),
                None => unsuitable!("an energy is NaN; the run diverged before its checkpoint"),
            },
        };
        Ok(EnergyComparison { set, against, auroc })
    }

    fn set_energies(
        &self,
        set: String,
        indices: Vec<usize>,
        examples: Examples,
    ) -> Result<SetEnergies> {
        let mut energies = Vec::with_capacity(indices.len());
        for batch in examples.split(BATCH) {
            energies.extend(values_f64(self.trainer().energies(batch)?));
        }
        Ok(SetEnergies { set, images: indices, energies })
    }
}

impl SetEnergies {
    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let pairs = self.images.iter().zip(&self.energies);
        pairs.map(|(&image, &energy)| Line { set: &self.set, image, energy })
    }

    /// Returns statistics of the energies.
    pub fn summary(&self) -> Summary {
        let (set, energies) = (self.set.clone(), &self.energies);
        let (mean, count) = (Spread::of(energies).mean, energies.len());
        let squares: f64 = energies.iter().map(|energy| (energy - mean).powi(2)).sum();
        let standard_deviation = (squares / (count.max(2) - 1) as f64).sqrt();
        let mut sorted = energies.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantiles = LEVELS.map(|level| quantile(&sorted, level));
        Summary { set, images: count, mean, standard_deviation, quantiles }
    }
}

impl EnergyComparison {
    /// Writes `energies.jsonl` and `score.json`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        let sets = [Some(&self.set), self.against.as_ref()];
        out.lines("energies", sets.into_iter().flatten().flat_map(SetEnergies::lines))?;
        let against = self.against.as_ref().map(SetEnergies::summary);
        out.json("score", &Report { set: self.set.summary(), against, auroc: self.auroc })
    }
}

/// Returns a quantile of at least one value, linear between the two nearest, as in NumPy.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let position = level * (sorted.len() - 1) as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    sorted[below] + (position - position.floor()) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of `numpy.quantile`.
    #[test]
    fn quantiles_are_linear() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        let found = [0.0, 0.05, 0.5, 0.75, 1.0].map(|level| quantile(&sorted, level));
        assert_eq!(found, [1.0, 1.15, 3.0, 5.0, 8.0]);
        assert_eq!(quantile(&[3.0], 0.95), 3.0);
    }

    #[test]
    fn a_summary_of_one_and_of_two() {
        let summary = |energies: &[f64]| {
            let (images, energies) = ((0..energies.len()).collect(), energies.to_vec());
            SetEnergies { set: "s".into(), images, energies }.summary()
        };
        let two = summary(&[3.0, 1.0]);
        assert_eq!((two.mean, two.standard_deviation), (2.0, 2.0_f64.sqrt()));
        assert_eq!(two.quantiles[3], 2.0);
        assert_eq!(summary(&[5.0]).standard_deviation, 0.0);
    }
}
