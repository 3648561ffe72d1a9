//! `ebm classify`: a class-conditional energy as a classifier, p(c|x) ∝ exp(f(x, c)).

use std::io::{Write, stdout};

use anyhow::{Context, Error, Result, bail};
use burn::tensor::Tensor;
use clap::Args;
use ebm::metrics::auroc;
use ebm::teaching::ConditionRecipe;
use ebm::tensor::{self, Condition};
use serde::Serialize;

use super::task::{self, COUNTS, DataArguments, Examples, Task, values, within};
use ebm_run::mean;
use ebm_run::plots::{Curve, draw_against};

/// Images whose energies are computed at once.
const BATCH: usize = 512;
/// Bins of confidence.
const BINS: usize = 15;
/// Of the search for offsets: fits of the temperature, and of the offsets for each.
const ROUNDS: usize = 10;
const SCALINGS: usize = 20;
/// What is calibrated.
const NAMES: [&str; 3] =
    ["p(c|x)", "with the temperature fitted", "with the classes' offsets fitted"];

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Images, spread evenly over the data set.
    #[arg(long, default_value = "1000", value_parser = within(COUNTS))]
    count: usize,
    /// Tell the images apart from those of another data set, by log Σ exp f(x, c).
    #[arg(long, value_name = "SET")]
    against: Option<String>,
    #[command(flatten)]
    data: DataArguments,
}

/// f(x, c), `[images][classes]`, and the classes of the images.
struct Logits {
    rows: Vec<Vec<f64>>,
    labels: Vec<u8>,
}

/// What `classify.json` says.
#[derive(Serialize)]
struct Report {
    data: String,
    images: usize,
    /// As p(c|x) ∝ exp f(x, c) comes; of the odd images with the temperature of f that fits the even ones best; and with
    /// offsets of the classes besides, in the place of the −log Z(c) that no energy knows.
    calibration: [Calibration; 3],
    against: Option<String>,
    /// The probability that log Σ exp f is lower for an image of the other set than for one of the data.
    auroc: Option<f64>,
}

#[derive(Serialize)]
struct Calibration {
    /// Share of images whose class has the highest p(c|x).
    accuracy: f64,
    temperature: f64,
    /// Mean of −log p(c|x) of the true class, in nats.
    log_loss: f64,
    /// Mean distance of confidence and accuracy over bins of confidence (Guo et al., ICML 2017).
    expected_calibration_error: f64,
    /// Mean confidence, accuracy and number of images of each bin that is not empty.
    bins: Vec<(f64, f64, usize)>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "classify")?;
    let condition = task.trainer.recipe().condition.as_ref();
    let Some(classes) = condition.and_then(ConditionRecipe::classes) else {
        bail!("the run learned no classes: its recipe has no [condition] of kind \"class\"");
    };
    let examples = task.examples(&arguments.data)?;
    let logits = logits(&task, &examples, arguments.count, classes)?;
    let [even, held_out] = [0, 1].map(|first| logits.every_other(first));
    let (temperature, offsets) = even.best_offsets();
    let calibration = [
        logits.calibration(1.0),
        held_out.calibration(even.best_temperature()),
        held_out.shifted(&offsets).calibration(temperature),
    ];
    let area = match &arguments.against {
        None => None,
        Some(name) => {
            let other = task.other_examples(name, &arguments.data)?;
            let other = self::logits(&task, &other, arguments.count, classes)?;
            let [data, other] = [&logits, &other].map(Logits::negative_log_sums);
            Some(auroc(&data, &other).context("an energy is not a number; the run diverged")?)
        }
    };
    let report = Report {
        data: examples.to_string(),
        images: logits.rows.len(),
        calibration,
        against: arguments.against,
        auroc: area,
    };
    task.out.text("calibration.svg", plot(&report)?)?;
    task.out.json("classify", &report)?;
    report.print()
}

fn logits(task: &Task, examples: &Examples, count: usize, classes: usize) -> Result<Logits> {
    let device = task.trainer.device();
    let (indices, images) = examples.spread(count, device);
    // U/T is what chains see; the reference term is the same for all classes.
    let temperature = task.trainer.recipe().chains.temperature;
    let mut rows = Vec::with_capacity(indices.len());
    for batch in images.split(BATCH, 0) {
        let n = batch.dims()[0];
        let of = |class: usize| -> Result<Vec<f64>> {
            let condition = Condition::one_hot(&vec![class as u8; n], classes, device);
            let examples = tensor::Examples::new(batch.clone(), Some(condition));
            let energies: Tensor<1> = task.trainer.energies(examples)?;
            Ok(values(energies).into_iter().map(|u| -u * temperature).collect())
        };
        let columns = (0..classes).map(of).collect::<Result<Vec<_>>>()?;
        rows.extend((0..n).map(|i| columns.iter().map(|column| column[i]).collect()));
    }
    Ok(Logits { rows, labels: examples.labels(&indices) })
}

impl Logits {
    fn every_other(&self, first: usize) -> Self {
        let rows = self.rows.iter().skip(first).step_by(2).cloned().collect();
        Self { rows, labels: self.labels.iter().skip(first).step_by(2).copied().collect() }
    }

    fn accuracy(&self) -> f64 {
        let right = self.pairs(1.0).filter(|(.., right)| *right).count();
        right as f64 / self.rows.len().max(1) as f64
    }

    /// −log p of the true class, the highest probability, and whether it is the true class's, at a temperature.
    fn pairs(&self, temperature: f64) -> impl Iterator<Item = (f64, f64, bool)> {
        self.rows.iter().zip(&self.labels).map(move |(row, &label)| {
            let sum = log_sum_exp(row, temperature);
            let log_p =
                |class: usize| row.get(class).map_or(f64::NEG_INFINITY, |f| f / temperature - sum);
            let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
            let label = usize::from(label);
            (-log_p(label), log_p(best).exp(), best == label)
        })
    }

    fn log_loss(&self, temperature: f64) -> f64 {
        mean(&self.pairs(temperature).map(|(loss, ..)| loss).collect::<Vec<_>>())
    }

    /// By golden sections of log T between 10⁻³ and 10⁶.
    fn best_temperature(&self) -> f64 {
        let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
        let (mut low, mut high) = (1e-3_f64.ln(), 1e6_f64.ln());
        for _ in 0..60 {
            let width = golden * (high - low);
            let [left, right] = [high - width, low + width].map(|log| self.log_loss(log.exp()));
            if left < right { high = low + width } else { low = high - width }
        }
        ((low + high) / 2.0).exp()
    }

    /// The rows with a number for each class added.
    fn shifted(&self, offsets: &[f64]) -> Self {
        let shift = |row: &Vec<f64>| row.iter().zip(offsets).map(|(f, b)| f + b).collect();
        Self { rows: self.rows.iter().map(shift).collect(), labels: self.labels.clone() }
    }

    /// A temperature and offsets of the classes: by turns the best temperature, and offsets that bring the mean p(c|x)
    /// closer to the classes' shares (iterative scaling, Darroch and Ratcliff 1972).
    fn best_offsets(&self) -> (f64, Vec<f64>) {
        let classes = self.rows.first().map_or(0, Vec::len);
        // Half an image more of each: a class without images has no offset that fits best.
        let mut shares = vec![0.5; classes];
        for &label in &self.labels {
            if let Some(share) = shares.get_mut(usize::from(label)) {
                *share += 1.0;
            }
        }
        let mut offsets = vec![0.0; classes];
        let mut temperature = self.best_temperature();
        for _ in 0..ROUNDS {
            for _ in 0..SCALINGS {
                let mut expected = vec![0.5; classes];
                for row in &self.shifted(&offsets).rows {
                    let sum = log_sum_exp(row, temperature);
                    let p = row.iter().map(|f| (f / temperature - sum).exp());
                    expected.iter_mut().zip(p).for_each(|(total, p)| *total += p);
                }
                let ratios = shares.iter().zip(&expected).map(|(share, p)| share / p);
                let steps = ratios.map(|ratio| temperature * ratio.ln());
                offsets.iter_mut().zip(steps).for_each(|(offset, step)| *offset += step);
            }
            temperature = self.shifted(&offsets).best_temperature();
        }
        (temperature, offsets)
    }

    fn calibration(&self, temperature: f64) -> Calibration {
        let mut sums = [(0.0, 0.0, 0); BINS];
        for (_, confidence, right) in self.pairs(temperature) {
            let bin = &mut sums[((confidence * BINS as f64) as usize).min(BINS - 1)];
            *bin = (bin.0 + confidence, bin.1 + f64::from(u8::from(right)), bin.2 + 1);
        }
        let full = sums.into_iter().filter(|(.., count)| *count > 0);
        let bins: Vec<(f64, f64, usize)> =
            full.map(|(c, a, count)| (c / count as f64, a / count as f64, count)).collect();
        let gaps = bins.iter().map(|(c, a, count)| (c - a).abs() * *count as f64);
        Calibration {
            accuracy: self.accuracy(),
            temperature,
            log_loss: self.log_loss(temperature),
            expected_calibration_error: gaps.sum::<f64>() / self.rows.len().max(1) as f64,
            bins,
        }
    }

    /// −log Σ exp f of each image: high of outliers.
    fn negative_log_sums(&self) -> Vec<f64> {
        self.rows.iter().map(|row| -log_sum_exp(row, 1.0)).collect()
    }
}

fn log_sum_exp(row: &[f64], temperature: f64) -> f64 {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max) / temperature;
    largest + row.iter().map(|f| (f / temperature - largest).exp()).sum::<f64>().ln()
}

fn plot(report: &Report) -> Result<String> {
    let curve = |(name, calibration): (&'static str, &Calibration)| {
        let points = calibration.bins.iter().map(|&(c, a, _)| (c, a)).collect();
        Curve { name, points }
    };
    let mut curves: Vec<Curve<'_>> =
        NAMES.into_iter().zip(&report.calibration).map(curve).collect();
    curves.push(Curve { name: "calibrated", points: vec![(0.0, 0.0), (1.0, 1.0)] });
    draw_against("confidence", "accuracy against confidence", &curves).map_err(Error::from_boxed)
}

impl Report {
    fn print(&self) -> Result<()> {
        let mut out = stdout();
        writeln!(out, "{}: {} images", self.data, self.images)?;
        for (name, c) in NAMES.iter().zip(&self.calibration) {
            let Calibration { accuracy, temperature: t, log_loss: loss, .. } = c;
            let error = c.expected_calibration_error;
            writeln!(
                out,
                "{name}: accuracy {accuracy:.4}, temperature {t:.3}, log loss {loss:.3} nats, calibration error \
                 {error:.3}"
            )?;
        }
        if let (Some(other), Some(area)) = (&self.against, self.auroc) {
            writeln!(out, "AUROC {area:.4}: log Σ exp f lower for {other}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits whose differences are ten times too large, of labels that are drawn as p(c|x) says.
    #[test]
    fn a_temperature_mends_confidence() {
        let rows: Vec<Vec<f64>> =
            (0..400).map(|i| vec![0.0, if i % 4 == 0 { 10.986 } else { -10.986 }]).collect();
        // log 3 is right: three of four are as the sign says.
        let labels = (0..400).map(|i| u8::from((i % 4 == 0) != (i % 16 >= 12))).collect();
        let logits = Logits { rows, labels };
        assert_eq!(logits.accuracy(), 0.75);
        let t = logits.best_temperature();
        assert!((t - 10.0).abs() < 0.01, "{t}");
        let [raw, mended] = [1.0, t].map(|t| logits.calibration(t));
        assert!((raw.expected_calibration_error - 0.25).abs() < 1e-3);
        assert!(mended.expected_calibration_error < 1e-3);
        assert!(mended.log_loss < raw.log_loss);
        assert_eq!(mended.bins.iter().map(|bin| bin.2).sum::<usize>(), 400);
    }

    /// Logits of drawn labels to which a number for each class is added: a wrong Z(c), which hides the class.
    #[test]
    fn offsets_are_found() {
        let rows: Vec<Vec<f64>> = (0..600)
            .map(|i| (0..3).map(|c| if c == i % 3 { 2.0 } else { 0.0 }).collect())
            .collect();
        // e² of e² + 2 are as the largest says: 79 %.
        let labels = (0..600).map(|i| ((i % 3 + usize::from(i % 100 >= 79)) % 3) as u8).collect();
        let right = Logits { rows, labels };
        let wrong = right.shifted(&[9.0, 0.0, -5.0]);
        assert!(right.accuracy() > 0.75 && wrong.accuracy() < 0.4);
        let (_, offsets) = wrong.best_offsets();
        let [a, b, c] = offsets[..] else { panic!("three classes") };
        assert_eq!(wrong.shifted(&offsets).accuracy(), right.accuracy());
        assert!((b - a - 9.0).abs() < 1.0 && (c - b - 5.0).abs() < 1.0, "{offsets:?}");
    }
}
