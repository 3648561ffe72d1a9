//! `ebm eval`: how far samples of a run are from a data set, in the features of a network.

mod network;
mod scores;
mod statistics;

use std::io::{Write, stdout};

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use clap::{Args, ValueEnum};
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
    score: &'a Score,
    network: &'a str,
    count: usize,
    reference: &'a str,
    reference_count: usize,
    /// Langevin steps; 0 of x₀.
    steps: usize,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "eval")?;
    let examples = task.examples(arguments.condition.data())?;
    let conditions = task.conditions(arguments.count, &arguments.condition)?;
    let device = task.trainer.device();
    let [channels, side] = task.trainer.image();
    let network = Network::open(&arguments.features, [channels, side, side], device)?;
    let class = arguments.condition.class();
    let (_, images) = examples.spread_of(class, arguments.count, device)?;
    let (count, reference_count) = (arguments.count, images.dims()[0]);
    let metrics = &arguments.metrics;
    // What takes minutes comes after what can be refused.
    let least = count.min(reference_count);
    if metrics.contains(&Metric::Fd) && least <= network.dim() {
        bail!(
            "a Fréchet distance of {} features needs more samples and more images than that, found {least}: give \
             more with --count, other --features, or --metrics without fd",
            network.dim()
        );
    }
    if metrics.contains(&Metric::Is)
        && network.probabilities(images.clone().narrow(0, 0, 1))?.is_none()
    {
        bail!(
            "{} tells no classes apart: no inception score; leave `is` out of --metrics",
            network.name()
        );
    }
    let root = arguments.condition.data().root()?;
    let reference = Statistics::of(&network, images, root.path())?;

    let steps = task.steps(&arguments.refinement);
    let [start, refined] = samples(&task, conditions.as_ref(), count, steps)?;
    let mut sets = vec![("x0", 0, start)];
    if task.refines() {
        sets.push(("refined", steps, refined));
    }
    let name = match class {
        Some(class) => format!("{examples}, class {class}"),
        None => examples.to_string(),
    };
    let mut found = Vec::new();
    for (samples, steps, images) in sets {
        let key = task.key.fold(INTERVALS);
        found.push((samples, steps, scores(&network, &reference, images, metrics, key)?));
    }
    let lines = found.iter().flat_map(|(samples, steps, scores)| {
        let (network, reference) = (network.name(), &name[..]);
        let steps = *steps;
        scores.iter().map(move |score| Line {
            samples,
            score,
            network,
            count,
            reference,
            reference_count,
            steps,
        })
    });
    task.out.lines("eval", lines)?;

    let mut out = stdout();
    writeln!(
        out,
        "{count} samples against {reference_count} images of {name}, features: {}",
        network.name()
    )?;
    for (samples, _, scores) in &found {
        for score in scores {
            writeln!(out, "{samples:8} {score}")?;
        }
    }
    Ok(())
}

/// x₀ and x_T of `count` chains, as they are shown: in [−1, 1].
fn samples(
    task: &Task,
    conditions: Option<&Tensor<4>>,
    count: usize,
    steps: usize,
) -> Result<[Tensor<4>; 2]> {
    let (mut starts, mut refined) = (Vec::new(), Vec::new());
    for (batch, first) in (0..count).step_by(BATCH).enumerate() {
        let key = task.key.fold(SAMPLES).fold(batch as u64);
        let rows = BATCH.min(count - first);
        let condition = conditions.map(|c| c.clone().narrow(0, first, rows));
        let samples = task.trainer.sample(rows, condition, steps, key, [0, 2])?;
        starts.push(samples.start.clamp(-1.0, 1.0));
        refined.push(samples.refined.clamp(-1.0, 1.0));
    }
    Ok([starts, refined].map(|batches| Tensor::cat(batches, 0)))
}
