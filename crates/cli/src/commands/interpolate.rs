//! `ebm interpolate`: straight lines between latent codes, decoded and refined.

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use clap::Args;
use ebm::tensor::Condition;
use ebm::vae::Vae;

use super::task::{self, COUNTS, ConditionArguments, Refinement, Task, within};

/// Streams of random numbers.
const FIRST: u64 = 0;
const LAST: u64 = 1;
const LANGEVIN: u64 = 2;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Pairs of random codes, a row each.
    #[arg(long, default_value = "8", value_parser = within(COUNTS), conflicts_with = "images")]
    count: usize,
    /// Between the codes of two images of the data set, by their numbers, instead of random codes; may be repeated.
    #[arg(long, num_args = 2, value_names = ["I", "J"])]
    images: Vec<usize>,
    /// Points on each line, the ends included.
    #[arg(long, default_value = "11", value_parser = within(2..=1_024))]
    points: usize,
    #[command(flatten)]
    refinement: Refinement,
    #[command(flatten)]
    condition: ConditionArguments,
}

/// Where lines begin and end: codes, `[lines, latent]`, and the images that they are of.
struct Ends {
    codes: [Tensor<2>; 2],
    images: Option<[Tensor<4>; 2]>,
    /// One for each line: that of its first image, where it has one.
    condition: Option<Condition>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "interpolate")?;
    let ends = if arguments.images.is_empty() {
        random(&task, &task.trainer.decoder()?, arguments.count, &arguments.condition)?
    } else {
        encoded(&task, &arguments.images, &arguments.condition)?
    };
    let points = line(&ends.codes, arguments.points);
    let count = points.dims()[0];
    let condition = ends.condition.clone().map(|condition| condition.cycle(count));
    let decoded = task.trainer.decoder()?.decode(points, condition.as_ref());
    let key = task.key.fold(LANGEVIN);
    let refined = task.refine(&decoded, condition, &arguments.refinement, key)?;
    for (name, images) in [("decoded", Some(decoded)), ("refined", refined)] {
        let Some(images) = images else { continue };
        let mut frames = images.chunk(arguments.points, 0);
        let points: Tensor<5> = Tensor::stack(frames.clone(), 1);
        task.out.array(name, &points)?;
        if let Some([first, last]) = ends.images.clone() {
            frames.insert(0, first);
            frames.push(last);
        }
        task.out.strip(name, &frames)?;
    }
    Ok(())
}

fn random(task: &Task, vae: &Vae, count: usize, asked: &ConditionArguments) -> Result<Ends> {
    let shape = [count, vae.latent()];
    let code = |stream| task.key.fold(stream).normal(shape, task.trainer.device());
    let condition = task.conditions(count, asked)?;
    Ok(Ends { codes: [code(FIRST), code(LAST)], images: None, condition })
}

/// The means of q(z|x).
fn encoded(task: &Task, pairs: &[usize], asked: &ConditionArguments) -> Result<Ends> {
    let vae = task.trainer.encoder()?;
    let examples = task.examples(asked.data())?;
    let (pairs, []) = pairs.as_chunks::<2>() else {
        bail!("--images takes two numbers");
    };
    let end = |which: usize| {
        let indices: Vec<usize> = pairs.iter().map(|pair| pair[which]).collect();
        let images = examples.at(&indices, task.trainer.device())?;
        let condition = task.conditions_of(&examples, &indices, &images)?;
        anyhow::Ok((images, condition))
    };
    let ends = [end(0)?, end(1)?];
    let encode = |stream, (x, c): &(Tensor<4>, Option<Condition>)| {
        vae.encode(x.clone(), c.as_ref(), task.key.fold(stream)).mean
    };
    let codes = [encode(FIRST, &ends[0]), encode(LAST, &ends[1])];
    let [(first, condition), (last, _)] = ends;
    Ok(Ends { codes, images: Some([first, last]), condition })
}

/// z₀ + t·(z₁ − z₀) for evenly spaced t: the first point of all lines, then the second, …
fn line([first, last]: &[Tensor<2>; 2], points: usize) -> Tensor<2> {
    let point = |i: usize| {
        let t = i as f64 / (points - 1) as f64;
        first.clone() * (1.0 - t) + last.clone() * t
    };
    Tensor::cat((0..points).map(point).collect(), 0)
}
