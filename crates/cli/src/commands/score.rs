//! `ebm score`: the energies of images, and how well they tell two sets apart.

use std::io::{Write, stdout};

use anyhow::{Context, Result};
use burn::tensor::Tensor;
use clap::Args;
use ebm::metrics::auroc;
use ebm::tensor::{self, Condition};
use serde::Serialize;

use super::task::{self, COUNTS, DataArguments, Task, values, within};
use ebm_run::mean;

/// The stream of noise images.
const NOISE: u64 = 0;
/// Images whose energies are computed at once.
const BATCH: usize = 1_024;
/// Shares of the energies that lie below the quantiles of a summary.
const SHARES: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Images, spread evenly over the data set.
    #[arg(long, default_value = "1000", value_parser = within(COUNTS))]
    count: usize,
    /// Compare with `noise` (uniform in [−1, 1]), with `inverted` (−x) or with another data set, in its test split
    /// where there is one.
    #[arg(long, value_name = "noise|inverted|SET")]
    against: Option<String>,
    #[command(flatten)]
    data: DataArguments,
}

/// A line of `energies.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    set: &'a str,
    /// The image's number in its set.
    image: usize,
    energy: f64,
}

/// Energies of a set of images.
struct Scores {
    set: String,
    images: Vec<usize>,
    energies: Vec<f64>,
}

/// What `score.json` says.
#[derive(Serialize)]
struct Report {
    set: Summary,
    against: Option<Summary>,
    /// The probability that an image of the second set has more energy than one of the first.
    auroc: Option<f64>,
}

#[derive(Serialize)]
struct Summary {
    set: String,
    images: usize,
    mean: f64,
    /// With n − 1; 0 of a single image.
    standard_deviation: f64,
    /// Energies below which these shares lie: 0, 5, 25, 50, 75, 95 and 100 %.
    quantiles: [f64; SHARES.len()],
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "score")?;
    let examples = task.examples(&arguments.data)?;
    let (indices, data) = examples.spread(arguments.count, task.trainer.device());
    let condition = task.conditions_of(&examples, &indices, &data)?;
    let set = score(&task, examples.to_string(), indices.clone(), data.clone(), condition.clone())?;
    let against = match arguments.against.as_deref() {
        None => None,
        Some("noise") => {
            let noise = task.key.fold(NOISE).uniform(data.dims(), task.trainer.device());
            Some(score(&task, "noise".into(), indices, noise * 2.0 - 1.0, condition)?)
        }
        Some("inverted") => {
            Some(score(&task, format!("{examples}, inverted"), indices, data.neg(), condition)?)
        }
        Some(name) => {
            let other = task.other_examples(name, &arguments.data)?;
            let (indices, data) = other.spread(arguments.count, task.trainer.device());
            let condition = task.conditions_of(&other, &indices, &data)?;
            Some(score(&task, other.to_string(), indices, data, condition)?)
        }
    };

    task.out
        .lines("energies", [Some(&set), against.as_ref()].into_iter().flatten().flat_map(lines))?;
    let area = match &against {
        None => None,
        Some(other) => {
            let nan = "an energy is not a number; the run diverged before its checkpoint";
            Some(auroc(&set.energies, &other.energies).context(nan)?)
        }
    };
    let against = against.as_ref().map(Summary::new);
    let report = Report { set: Summary::new(&set), against, auroc: area };
    task.out.json("score", &report)?;
    report.print()
}

/// # Shapes
/// - `images`: `[batch, channels, height, width]`
fn score(
    task: &Task,
    set: String,
    numbers: Vec<usize>,
    images: Tensor<4>,
    condition: Option<Condition>,
) -> Result<Scores> {
    let mut energies = Vec::with_capacity(numbers.len());
    for batch in tensor::Examples::new(images, condition).split(BATCH) {
        energies.extend(values(task.trainer.energies(batch)?));
    }
    Ok(Scores { set, images: numbers, energies })
}

fn lines(scores: &Scores) -> impl Iterator<Item = Line<'_>> {
    let pairs = scores.images.iter().zip(&scores.energies);
    pairs.map(|(&image, &energy)| Line { set: &scores.set, image, energy })
}

impl Summary {
    fn new(scores: &Scores) -> Self {
        let (set, energies) = (scores.set.clone(), &scores.energies);
        let (mean, count) = (mean(energies), energies.len());
        let squares: f64 = energies.iter().map(|energy| (energy - mean).powi(2)).sum();
        let standard_deviation = (squares / (count.max(2) - 1) as f64).sqrt();
        let mut sorted = energies.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantiles = SHARES.map(|share| quantile(&sorted, share));
        Self { set, images: count, mean, standard_deviation, quantiles }
    }
}

/// Linear between the two nearest, as in NumPy; of at least one value.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

impl Report {
    fn print(&self) -> Result<()> {
        let mut out = stdout();
        for Summary { set, images, mean, standard_deviation, quantiles } in
            std::iter::once(&self.set).chain(&self.against)
        {
            let quantiles = quantiles.map(|value| format!("{value:.2}")).join(", ");
            writeln!(
                out,
                "{set}: {images} images, U = {mean:.2} ± {standard_deviation:.2}, quantiles {quantiles}"
            )?;
        }
        if let (Some(against), Some(area)) = (&self.against, self.auroc) {
            let (one, other) = (&self.set.set, &against.set);
            writeln!(out, "AUROC {area:.4}: U of {other} above U of {one}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `numpy.quantile` gives.
    #[test]
    fn quantiles_are_linear() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        let found = [0.0, 0.05, 0.5, 0.75, 1.0].map(|share| quantile(&sorted, share));
        assert_eq!(found, [1.0, 1.15, 3.0, 5.0, 8.0]);
        assert_eq!(quantile(&[3.0], 0.95), 3.0);
    }

    #[test]
    fn a_summary_of_one_and_of_two() {
        let summary = |energies: &[f64]| {
            let (images, energies) = ((0..energies.len()).collect(), energies.to_vec());
            Summary::new(&Scores { set: "s".into(), images, energies })
        };
        let two = summary(&[3.0, 1.0]);
        assert_eq!((two.mean, two.standard_deviation), (2.0, 2.0_f64.sqrt()));
        assert_eq!(two.quantiles[3], 2.0);
        assert_eq!(summary(&[5.0]).standard_deviation, 0.0);
    }
}
