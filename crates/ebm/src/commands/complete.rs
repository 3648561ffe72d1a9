//! `ebm complete`: images with a hidden part, filled by a run that learned to, several times each.

use std::io::{Write, stdout};

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use clap::Args;
use ebm::data::Split;
use ebm::metrics::mean_pairwise_distance;
use ebm::teaching::ConditionKind;
use serde::Serialize;

use super::task::{self, COUNTS, DataArguments, Refinement, Task, mean, within};
use crate::run::Holes;

/// Streams of random numbers: of holes, and of the completions.
const HOLES: u64 = 0;
const COMPLETIONS: u64 = 1;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Images, spread evenly over the data set.
    #[arg(long, default_value = "32", value_parser = within(COUNTS))]
    count: usize,
    /// Completions of each image.
    #[arg(long, default_value = "4", value_parser = within(1..=64))]
    completions: usize,
    #[command(flatten)]
    refinement: Refinement,
    #[command(flatten)]
    data: DataArguments,
}

/// What `completion.json` says: decibels of the hidden pixels alone, means over images.
#[derive(Serialize)]
struct Report {
    data: String,
    images: usize,
    completions: usize,
    psnr: Vec<(&'static str, f64)>,
    /// Mean distance between two completions of one image, of x₀ and of x_T; 0 for a single completion.
    diversity: Vec<(&'static str, f64)>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "complete")?;
    let recipe = task.trainer.recipe().condition.clone();
    let Some(condition) = recipe.filter(|condition| condition.kind == ConditionKind::Hidden) else {
        bail!(
            "the run did not learn to complete images (its recipe has no [condition] of kind \
             \"hidden\"); `ebm inpaint` fills holes by an unconditional run"
        );
    };
    let examples = task.examples(&arguments.data)?;
    let training = task.examples_of(Split::Train, &arguments.data)?;
    let (_, images) = examples.spread(arguments.count, task.trainer.device());
    let (seen, mask) = condition.hide(images.clone(), task.key.fold(HOLES));
    let holes = Holes { images: images.clone(), mask };

    let mut report = Report {
        data: examples.to_string(),
        images: images.dims()[0],
        completions: arguments.completions,
        psnr: vec![
            ("mean of the training images", mean(&holes.psnr(holes.mean_of(&training)))),
            ("nearest training image", mean(&holes.psnr(holes.nearest_of(&training)))),
        ],
        diversity: Vec::new(),
    };
    let steps = task.steps(&arguments.refinement);
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    for i in 0..arguments.completions {
        let key = task.key.fold(COMPLETIONS).fold(i as u64);
        let samples = task.trainer.sample(report.images, Some(seen.clone()), steps, key, [0, 2])?;
        starts.push(holes.paste(samples.start));
        ends.push(holes.paste(samples.refined));
    }
    let mut frames = vec![images, holes.paste(holes.images.zeros_like())];
    let mut sets = vec![("x0", starts)];
    if task.refines() {
        sets.push(("refined", ends));
    }
    for (name, completions) in sets {
        let each: Vec<f64> = completions.iter().flat_map(|x| holes.psnr(x.clone())).collect();
        report.psnr.push((name, mean(&each)));
        report.diversity.push((name, diversity(&completions)));
        let stacked: Tensor<5> = Tensor::stack(completions.clone(), 1);
        task.out.array(name, &stacked)?;
        frames.extend(completions);
    }
    task.out.strip("complete", &frames)?;
    task.out.json("completion", &report)?;
    let mut out = stdout();
    for (name, decibels) in &report.psnr {
        writeln!(out, "{name}: {decibels:.2} dB in the hole")?;
    }
    for (name, distance) in &report.diversity {
        writeln!(out, "{name}: completions of one image differ by {distance:.2}")?;
    }
    Ok(())
}

/// The mean over images of the mean distance between two of their completions.
fn diversity(completions: &[Tensor<4>]) -> f64 {
    let images = completions.first().map_or(0, |first| first.dims()[0]);
    let of = |i: usize| {
        let own = completions.iter().map(|x| x.clone().narrow(0, i, 1)).collect();
        mean_pairwise_distance(Tensor::cat(own, 0)).unwrap_or(0.0)
    };
    mean(&(0..images).map(of).collect::<Vec<_>>())
}
