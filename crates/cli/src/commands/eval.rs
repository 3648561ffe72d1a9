//! `ebm eval`: how far samples of a run are from a data set, in the features of a network.

mod network;
mod scores;
mod statistics;

use std::io::{Write, stdout};

use anyhow::{Context, Result, bail};
use burn::tensor::Tensor;
use clap::{Args, ValueEnum};
use ebm::teaching::{ConditionRecipe, SampleRequest};
use ebm::tensor::{Condition, ImageShape};
use serde::Serialize;

use super::task::{self, COUNTS, ConditionArguments, Refinement, Task, within};
pub(crate) use network::Network;
use scores::{Score, scores};
use statistics::Statistics;

/// Images that are drawn, refined and looked at together. The decoder normalises by its batch.
const BATCH: usize = 500;
/// Streams of random numbers.
const SAMPLES: u64 = 0;
const INTERVALS: u64 = 1;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// The network whose features are compared: pixels, digits, fashion, squeezenet=FILE, efficientnet-lite0=FILE or
    /// inception=FILE, with a file of weights.
    #[arg(long, value_name = "NAME[=FILE]")]
    features: String,
    /// What is measured, separated by commas [default: fd,kid,pr,dc].
    #[arg(long, value_delimiter = ',', default_values = ["fd", "kid", "pr", "dc"], hide_default_value = true)]
    metrics: Vec<Metric>,
    /// Samples of the run, and images of the data set at most, spread evenly over it.
    #[arg(long, alias = "n", default_value = "5000", value_parser = within(COUNTS))]
    count: usize,
    #[command(flatten)]
    refinement: Refinement,
    /// With `--class`, samples of that class are compared with the set's images of it.
    #[command(flatten)]
    condition: ConditionArguments,
    /// The same for each class that the run learned: samples of it against the set's images of it.
    #[arg(long, conflicts_with = "class")]
    per_class: bool,
}

/// A kind of scores.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Metric {
    /// Fréchet distance (FID, with pytorch-fid's Inception network).
    #[value(alias = "fid")]
    Fd,
    /// Kernel distance, of subsets.
    Kid,
    /// Inception score, of networks that classify.
    Is,
    /// Improved precision and recall.
    Pr,
    /// Density and coverage.
    Dc,
}

/// A line of `eval.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    /// `x0`: as the student proposes; `refined`: after the Langevin steps.
    samples: &'a str,
    #[serde(flatten)]
    score: Score,
    network: &'a str,
    count: usize,
    reference: String,
    reference_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<u8>,
    /// Langevin steps; 0 of x₀.
    steps: usize,
}

/// Samples of one class, or of all, and the images that they are compared with.
struct Part {
    class: Option<u8>,
    /// What they are compared with.
    name: String,
    images: Tensor<4>,
    conditions: Option<Condition>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "eval")?;
    let examples = task.examples(arguments.condition.data())?;
    let (count, device) = (arguments.count, task.trainer.device());
    let ImageShape { channels, side } = task.trainer.image();
    let network = Network::open(&arguments.features, [channels, side, side], device)?;
    let part = |class: Option<u8>, conditions| -> Result<Part> {
        let (_, images) = examples.spread_of(class, count, device)?;
        let name = match class {
            Some(class) => format!("{examples}, class {class}"),
            None => examples.to_string(),
        };
        Ok(Part { class, name, images, conditions })
    };
    let parts = if arguments.per_class {
        let classes = classes_of(&task)?;
        let of = |class| Condition::one_hot(&vec![class; count], classes, device);
        let labels = (0..classes).map(|class| class as u8);
        labels.map(|class| part(Some(class), Some(of(class)))).collect::<Result<_>>()?
    } else {
        let conditions = task.conditions(count, &arguments.condition)?;
        vec![part(arguments.condition.class(), conditions)?]
    };
    let metrics = &arguments.metrics;
    // What takes minutes comes after what can be refused.
    parts.iter().try_for_each(|part| check(part, count, metrics, &network))?;

    let root = arguments.condition.data().root()?;
    let steps = task.steps(&arguments.refinement);
    let refines = task.refines();
    let mut out = stdout();
    let mut lines = Vec::new();
    for Part { class, name, images, conditions } in parts {
        let reference_count = images.dims()[0];
        writeln!(
            out,
            "{count} samples against {reference_count} images of {name}, features: {}",
            network.name()
        )?;
        let reference = Statistics::of(&network, images, root.path())?;
        let [start, refined] = samples(&task, conditions.as_ref(), count, steps)?;
        let sets = [("x0", 0, start), ("refined", steps, refined)];
        for (samples, steps, images) in sets.into_iter().take(1 + usize::from(refines)) {
            for score in scores(&network, &reference, images, metrics, task.key.fold(INTERVALS))? {
                writeln!(out, "{samples:8} {score}")?;
                let (network, reference) = (network.name(), name.clone());
                lines.push(Line {
                    samples,
                    score,
                    network,
                    count,
                    reference,
                    reference_count,
                    class,
                    steps,
                });
            }
        }
    }
    task.out.lines("eval", lines)
}

/// How many classes a run learned.
fn classes_of(task: &Task) -> Result<usize> {
    let condition = task.trainer.recipe().condition.as_ref();
    condition
        .and_then(ConditionRecipe::classes)
        .context("--per-class is given, but the run learned no classes")
}

/// Whether the scores that are asked for can be computed.
fn check(part: &Part, count: usize, metrics: &[Metric], network: &Network) -> Result<()> {
    let least = count.min(part.images.dims()[0]);
    if metrics.contains(&Metric::Fd) && least <= network.dim() {
        bail!(
            "a Fréchet distance of {} features needs more samples and more images than that, found {least} ({}): give \
             more with --count, other --features, or --metrics without fd",
            network.dim(),
            part.name
        );
    }
    if metrics.contains(&Metric::Is)
        && network.probabilities(part.images.clone().narrow(0, 0, 1))?.is_none()
    {
        bail!(
            "{} tells no classes apart: no inception score; leave `is` out of --metrics",
            network.name()
        );
    }
    Ok(())
}

/// x₀ and x_T of `count` chains, as they are shown: in [−1, 1].
fn samples(
    task: &Task,
    conditions: Option<&Condition>,
    count: usize,
    steps: usize,
) -> Result<[Tensor<4>; 2]> {
    let (mut starts, mut refined) = (Vec::new(), Vec::new());
    for (batch, first) in (0..count).step_by(BATCH).enumerate() {
        let key = task.key.fold(SAMPLES).fold(batch as u64);
        let rows = BATCH.min(count - first);
        let condition = conditions.map(|c| c.clone().narrow(first, rows));
        let request = SampleRequest::new(rows, key).given(condition).steps(steps);
        let samples = task.trainer.sample(request)?;
        starts.push(samples.start.clamp(-1.0, 1.0));
        refined.push(samples.refined.clamp(-1.0, 1.0));
    }
    Ok([starts, refined].map(|batches| Tensor::cat(batches, 0)))
}
