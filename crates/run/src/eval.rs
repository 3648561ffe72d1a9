//! Evaluation of samples against a data set, in the features of a network.

mod measures;
mod reference_statistics;

use burn::tensor::Tensor;
use ebm::data::Split;
use ebm::noise::streams;
use ebm::teaching::{ConditionRecipe, SampleRequest};
use ebm::tensor::Condition;
use serde::Serialize;

use self::measures::measures;
use self::reference_statistics::ReferenceStatistics;
use crate::conditions::ConditionChoice;
use crate::error::unsuitable;
use crate::feature_network::NamedNetwork;
use crate::{DataChoice, OutputFolder, Result, TrainedRun};

pub use self::measures::{Measure, Metric};

/// The number of images that are drawn, refined and embedded together. The decoder normalises by
/// its batch.
const BATCH: usize = 500;

/// The options of [`TrainedRun::evaluate`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EvalOptions {
    /// The feature network, as [`NamedNetwork::open`] takes it.
    pub features: String,
    /// The measures.
    pub metrics: Vec<Metric>,
    /// The number of samples, and the maximal number of images of the data set, which are evenly
    /// spread over it.
    pub count: usize,
    /// The number of Langevin steps; `None` for the recipe's `chains.sampling_steps`.
    pub steps: Option<usize>,
    /// The conditions of a conditional run, and the data set. Samples of one class are compared
    /// with images of that class.
    pub condition: ConditionChoice,
    /// Whether each class is evaluated on its own.
    pub per_class: bool,
    /// Whether as many images of the training set are measured as well, as the floor: no samples
    /// can be expected to be nearer.
    pub floor: bool,
}

impl EvalOptions {
    /// Creates options for Fréchet and kernel distance, precision and recall, density and coverage
    /// of `count` samples.
    pub fn new(features: impl Into<String>, count: usize) -> Self {
        Self {
            features: features.into(),
            metrics: vec![Metric::Fd, Metric::Kid, Metric::Pr, Metric::Dc],
            count,
            steps: None,
            condition: ConditionChoice::default(),
            per_class: false,
            floor: false,
        }
    }
}

/// A measure of samples: a line of `eval.jsonl`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EvalLine {
    /// The kind of samples: `x0` for the initial states of the student, `refined` after the
    /// Langevin steps, `floor` for images of the training set, `vae` for samples of a VAE that
    /// learned from the data alone.
    pub samples: &'static str,
    /// The measure and its interval.
    #[serde(flatten)]
    pub measure: Measure,
    /// The feature network.
    pub network: String,
    /// The number of samples.
    pub count: usize,
    /// The name of the reference set.
    pub reference: String,
    /// The number of reference images.
    pub reference_count: usize,
    /// The class, if the samples are of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<u8>,
    /// The number of Langevin steps; 0 for x₀.
    pub steps: usize,
}

/// The progress of an evaluation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EvalEvent<'a> {
    /// A comparison begins.
    Started {
        /// The number of samples.
        count: usize,
        /// The number of reference images.
        reference_count: usize,
        /// The name of the reference set.
        reference: &'a str,
        /// The feature network.
        network: &'a str,
    },
    /// A measure was computed.
    Measured(&'a EvalLine),
}

/// The samples of one class, or of all, and their reference images.
struct Part {
    class: Option<u8>,
    reference: String,
    images: Tensor<4>,
    conditions: Option<Condition>,
}

impl TrainedRun {
    /// Measures the distance between samples of the run and a data set. `listener` hears of each
    /// measure as soon as it is computed.
    ///
    /// The features of the data are kept in the folder of data sets, so that they are computed
    /// once.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for options that do not fit the run or
    /// each other, before any sample is drawn; [`RunError::Teaching`](crate::RunError::Teaching) if
    /// a chain diverges; the errors of `listener`.
    pub fn evaluate(
        &self,
        options: &EvalOptions,
        listener: &mut dyn FnMut(EvalEvent<'_>) -> Result<()>,
    ) -> Result<Vec<EvalLine>> {
        let reference = self.reference(&options.condition.data)?;
        let (count, device) = (options.count, self.trainer().device());
        let network = NamedNetwork::open(&options.features, self.image_shape(), device)?;
        let part = |class: Option<u8>, conditions| -> Result<Part> {
            let (_, examples) = reference.spread_of_class(class, count, device)?;
            let images = examples.images;
            let reference = match class {
                Some(class) => format!("{reference}, class {class}"),
                None => reference.to_string(),
            };
            Ok(Part { class, reference, images, conditions })
        };
        let parts = if options.per_class {
            let classes = self.classes()?;
            let of = |class| Condition::one_hot(&vec![class; count], classes, device);
            let labels = (0..classes).map(|class| class as u8);
            labels.map(|class| part(Some(class), Some(of(class)))).collect::<Result<_>>()?
        } else {
            let conditions = self.conditions(count, &options.condition)?;
            vec![part(options.condition.class, conditions)?]
        };
        // All refusals come before the first measure, which may take minutes.
        parts.iter().try_for_each(|part| check(part, count, &options.metrics, &network))?;

        let root = options.condition.data.location.open()?.root;
        let steps = self.steps(options.steps);
        let mut lines = Vec::new();
        for Part { class, reference, images, conditions } in parts {
            let reference_count = images.dims()[0];
            listener(EvalEvent::Started {
                count,
                reference_count,
                reference: &reference,
                network: network.name(),
            })?;
            let statistics = ReferenceStatistics::of(&network, images, root.path())?;
            let [start, refined] = self.evaluated_samples(conditions.as_ref(), count, steps)?;
            let requested = conditions.as_ref().and_then(Condition::labels);
            let mut sets = vec![("x0", 0, start, requested.clone())];
            if self.has_energy() {
                sets.push(("refined", steps, refined, requested));
            }
            if options.floor {
                let choice = &options.condition.data;
                let choice = DataChoice { split: Some(Split::Train), ..choice.clone() };
                let training = self.reference(&choice)?;
                let indices = training.indices_of_class(class, count)?;
                // In no order: intervals leave out groups that follow each other.
                let order = self.key().fold(streams::eval::FLOOR).permutation(indices.len());
                let indices: Vec<usize> = order.into_iter().map(|row| indices[row]).collect();
                let images = training.at(&indices, device)?.images;
                let labels = training.labels(&indices).into_iter().map(usize::from).collect();
                sets.push(("floor", 0, images, Some(labels)));
            }
            for (samples, steps, images, labels) in sets {
                let key = self.key().fold(streams::eval::INTERVALS);
                let metrics = &options.metrics;
                let labels = labels.as_deref();
                for measure in measures(&network, &statistics, images, labels, metrics, key)? {
                    let (network, reference) = (network.name().to_owned(), reference.clone());
                    let line = EvalLine {
                        samples,
                        measure,
                        network,
                        count,
                        reference,
                        reference_count,
                        class,
                        steps,
                    };
                    listener(EvalEvent::Measured(&line))?;
                    lines.push(line);
                }
            }
        }
        Ok(lines)
    }

    /// Returns the number of classes that the run learned.
    fn classes(&self) -> Result<usize> {
        let condition = self.trainer().recipe().condition.as_ref();
        match condition.and_then(ConditionRecipe::classes) {
            Some(classes) => Ok(classes),
            None => {
                unsuitable!("measures per class were requested, but the run learned no classes")
            }
        }
    }

    /// Draws x₀ and x_T of `count` chains, clamped to [−1, 1] as in pictures.
    fn evaluated_samples(
        &self,
        conditions: Option<&Condition>,
        count: usize,
        steps: usize,
    ) -> Result<[Tensor<4>; 2]> {
        let (mut starts, mut refined) = (Vec::new(), Vec::new());
        for (batch, first) in (0..count).step_by(BATCH).enumerate() {
            let key = self.key().fold(streams::eval::SAMPLES).fold(batch as u64);
            let rows = BATCH.min(count - first);
            let condition = conditions.map(|c| c.clone().narrow(first, rows));
            let request = SampleRequest::new(rows, key).given(condition).steps(steps);
            let samples = self.trainer().sample(request)?;
            starts.push(samples.start.clamp(-1.0, 1.0));
            refined.push(samples.refined.clamp(-1.0, 1.0));
        }
        Ok([starts, refined].map(|batches| Tensor::cat(batches, 0)))
    }
}

/// Writes the measures as `eval.jsonl`.
///
/// # Errors
/// [`RunError::Write`](crate::RunError::Write)
pub fn write(lines: &[EvalLine], out: &mut OutputFolder) -> Result<()> {
    out.lines("eval", lines)
}

/// Refuses measures that cannot be computed.
fn check(part: &Part, count: usize, metrics: &[Metric], network: &NamedNetwork) -> Result<()> {
    let least = count.min(part.images.dims()[0]);
    if metrics.contains(&Metric::Fd) && least <= network.dim() {
        unsuitable!(
            "a Fréchet distance of {} features needs more samples and more images than that, found {least} ({}): raise \
             the count, choose other features, or leave fd out of the metrics",
            network.dim(),
            part.reference
        );
    }
    if metrics.contains(&Metric::Accuracy)
        && part.conditions.as_ref().and_then(Condition::labels).is_none()
    {
        unsuitable!("the run learned no classes: leave accuracy out of the metrics");
    }
    let of_classes =
        [("is", Metric::Is), ("rarest", Metric::Rarest), ("accuracy", Metric::Accuracy)];
    let wanted = of_classes.into_iter().find(|(_, metric)| metrics.contains(metric));
    if let Some((name, _)) = wanted
        && network.probabilities(part.images.clone().narrow(0, 0, 1))?.is_none()
    {
        unsuitable!("{} distinguishes no classes: leave {name} out of the metrics", network.name());
    }
    Ok(())
}
