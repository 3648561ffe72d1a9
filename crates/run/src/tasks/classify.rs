//! A class-conditional energy as a classifier, p(c|x) ∝ exp(f(x, c)).

use ebm::metrics::{Spread, auroc};
use ebm::teaching::ConditionRecipe;
use ebm::tensor::{Condition, Examples, values_f64};
use serde::Serialize;

use crate::error::unsuitable;
use crate::plots::{Curve, draw};
use crate::reference::{DataChoice, ReferenceData};
use crate::{OutputFolder, Result, TrainedRun};

/// The number of images whose energies are computed at once.
const BATCH: usize = 512;
/// The number of bins of confidence.
const BINS: usize = 15;
/// The number of rounds of the search for offsets, each with one fit of the temperature, and of
/// fits of the offsets in a round.
const ROUNDS: usize = 10;
const SCALINGS: usize = 20;

/// The options of [`TrainedRun::classify`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClassifyOptions {
    /// The number of images, evenly spread over the data set.
    pub count: usize,
    /// The other data set, which log Σ exp f(x, c) is to separate from the data.
    pub against: Option<String>,
    /// The data set.
    pub data: DataChoice,
}

impl ClassifyOptions {
    /// Creates options for `count` images of the recipe's data set.
    pub fn new(count: usize) -> Self {
        Self { count, against: None, data: DataChoice::default() }
    }
}

/// The quality of a class-conditional energy as a classifier: the content of `classify.json`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Classification {
    /// The name of the data set.
    pub data: String,
    /// The number of images.
    pub images: usize,
    /// The calibration of p(c|x) ∝ exp f(x, c), then of the odd images with the temperature of f
    /// that fits the even images best, then with offsets of the classes as well, which replace the
    /// unknown −log Z(c).
    pub calibration: [Calibration; 3],
    /// The other data set.
    pub against: Option<String>,
    /// The probability that log Σ exp f is lower for an image of the other set than for one of the
    /// data.
    pub auroc: Option<f64>,
}

/// The calibration of class probabilities.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Calibration {
    /// The fraction of images whose class has the highest p(c|x).
    pub accuracy: f64,
    /// The temperature of f.
    pub temperature: f64,
    /// The mean of −log p(c|x) for the true class, in nats.
    pub log_loss: f64,
    /// The mean distance between confidence and accuracy over bins of confidence (Guo et al., ICML
    /// 2017).
    pub expected_calibration_error: f64,
    /// The mean confidence, the accuracy and the number of images of each bin that is not empty.
    pub bins: Vec<(f64, f64, usize)>,
}

impl Classification {
    /// The names of the three [calibrations](Self::calibration).
    pub const NAMES: [&str; 3] =
        ["p(c|x)", "with the temperature fitted", "with the classes' offsets fitted"];

    /// Draws accuracy against confidence, as SVG.
    ///
    /// # Errors
    /// [`RunError::Render`](crate::RunError::Render)
    pub fn plot(&self) -> Result<String> {
        let curve = |(name, calibration): (&'static str, &Calibration)| {
            let points = calibration.bins.iter().map(|&(c, a, _)| (c, a)).collect();
            Curve { name, points }
        };
        let mut curves: Vec<Curve<'_>> =
            Self::NAMES.into_iter().zip(&self.calibration).map(curve).collect();
        curves.push(Curve { name: "calibrated", points: vec![(0.0, 0.0), (1.0, 1.0)] });
        draw("confidence", "accuracy against confidence", &curves)
    }

    /// Writes `calibration.svg` and `classify.json`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        out.text("calibration.svg", self.plot()?)?;
        out.json("classify", self)
    }
}

impl TrainedRun {
    /// Classifies images and measures accuracy and calibration.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if the run learned no classes or an
    /// energy is NaN, [`RunError::Data`](crate::RunError::Data) for data that cannot be loaded.
    pub fn classify(&self, options: &ClassifyOptions) -> Result<Classification> {
        let condition = self.trainer().recipe().condition.as_ref();
        let Some(classes) = condition.and_then(ConditionRecipe::classes) else {
            unsuitable!(
                "the run learned no classes: its recipe has no [condition] of kind \"class\""
            );
        };
        let reference = self.reference(&options.data)?;
        let logits = self.logits(&reference, options.count, classes)?;
        let [even, held_out] = [0, 1].map(|first| logits.every_other(first));
        let (temperature, offsets) = even.best_offsets();
        let calibration = [
            logits.calibration(1.0),
            held_out.calibration(even.best_temperature()),
            held_out.shifted(&offsets).calibration(temperature),
        ];
        let auroc = match &options.against {
            None => None,
            Some(name) => {
                let other = self.other_reference(name, &options.data.location)?;
                let other = self.logits(&other, options.count, classes)?;
                let [data, other] = [&logits, &other].map(Logits::negative_log_sums);
                match auroc(&data, &other) {
                    Some(area) => Some(area),
                    None => unsuitable!("an energy is NaN; the run diverged before its checkpoint"),
                }
            }
        };
        Ok(Classification {
            data: reference.to_string(),
            images: logits.rows.len(),
            calibration,
            against: options.against.clone(),
            auroc,
        })
    }

    fn logits(&self, reference: &ReferenceData, count: usize, classes: usize) -> Result<Logits> {
        let device = self.trainer().device();
        let (indices, examples) = reference.spread(count, device);
        // Chains sample U/T; the reference term is the same for all classes.
        let temperature = self.trainer().recipe().chains.temperature;
        let mut rows = Vec::with_capacity(indices.len());
        for batch in examples.images.split(BATCH, 0) {
            let n = batch.dims()[0];
            let column = |class: usize| -> Result<Vec<f64>> {
                let condition = Condition::one_hot(&vec![class as u8; n], classes, device);
                let examples = Examples::new(batch.clone(), Some(condition));
                let energies = self.trainer().energies(examples)?;
                Ok(values_f64(energies).into_iter().map(|u| -u * temperature).collect())
            };
            let columns = (0..classes).map(column).collect::<Result<Vec<_>>>()?;
            rows.extend((0..n).map(|i| columns.iter().map(|column| column[i]).collect()));
        }
        Ok(Logits { rows, labels: reference.labels(&indices) })
    }
}

/// The logits f(x, c), `[images][classes]`, and the classes of the images.
struct Logits {
    rows: Vec<Vec<f64>>,
    labels: Vec<u8>,
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

    /// Returns for each image −log p of the true class, the highest probability and whether it
    /// belongs to the true class, at a temperature.
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
        Spread::of(&self.pairs(temperature).map(|(loss, ..)| loss).collect::<Vec<_>>()).mean
    }

    /// Returns the temperature of the least log loss, by golden-section search of log T between
    /// 10⁻³ and 10⁶.
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

    /// Adds an offset to the logits of each class.
    fn shifted(&self, offsets: &[f64]) -> Self {
        let shift = |row: &Vec<f64>| row.iter().zip(offsets).map(|(f, b)| f + b).collect();
        Self { rows: self.rows.iter().map(shift).collect(), labels: self.labels.clone() }
    }

    /// Fits a temperature and offsets of the classes alternately: the best temperature, then
    /// offsets that bring the mean p(c|x) closer to the frequencies of the classes (iterative
    /// scaling, Darroch and Ratcliff 1972).
    fn best_offsets(&self) -> (f64, Vec<f64>) {
        let classes = self.rows.first().map_or(0, Vec::len);
        // Half an image is added to each class: without images, no offset would be the best.
        let mut frequencies = vec![0.5; classes];
        for &label in &self.labels {
            if let Some(frequency) = frequencies.get_mut(usize::from(label)) {
                *frequency += 1.0;
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
                let ratios = frequencies.iter().zip(&expected).map(|(frequency, p)| frequency / p);
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

    /// Returns −log Σ exp f of each image, which is high for outliers.
    fn negative_log_sums(&self) -> Vec<f64> {
        self.rows.iter().map(|row| -log_sum_exp(row, 1.0)).collect()
    }
}

fn log_sum_exp(row: &[f64], temperature: f64) -> f64 {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max) / temperature;
    largest + row.iter().map(|f| (f / temperature - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits whose differences are ten times too large, for labels drawn from p(c|x).
    #[test]
    fn a_temperature_corrects_confidence() {
        let rows: Vec<Vec<f64>> =
            (0..400).map(|i| vec![0.0, if i % 4 == 0 { 10.986 } else { -10.986 }]).collect();
        // log 3 would be right: three of four labels agree with the sign.
        let labels = (0..400).map(|i| u8::from((i % 4 == 0) != (i % 16 >= 12))).collect();
        let logits = Logits { rows, labels };
        assert_eq!(logits.accuracy(), 0.75);
        let t = logits.best_temperature();
        assert!((t - 10.0).abs() < 0.01, "{t}");
        let [raw, corrected] = [1.0, t].map(|t| logits.calibration(t));
        assert!((raw.expected_calibration_error - 0.25).abs() < 1e-3);
        assert!(corrected.expected_calibration_error < 1e-3);
        assert!(corrected.log_loss < raw.log_loss);
        assert_eq!(corrected.bins.iter().map(|bin| bin.2).sum::<usize>(), 400);
    }

    /// An offset of each class, in the role of an unknown Z(c), hides the class of drawn labels.
    #[test]
    fn offsets_are_found() {
        let rows: Vec<Vec<f64>> = (0..600)
            .map(|i| (0..3).map(|c| if c == i % 3 { 2.0 } else { 0.0 }).collect())
            .collect();
        // The class of the largest logit has the probability e²/(e² + 2), 79 %.
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
