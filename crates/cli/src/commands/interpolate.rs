//! `ebm interpolate`: straight lines between latent codes, decoded and refined.

use anyhow::{Result, bail};
use clap::Args;
use ebm_run::tasks::{Ends, InterpolateOptions};

use super::arguments::{
    COUNTS, ConditionArguments, StepArguments, TaskArguments, note_missing_energy, within,
};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of pairs of random codes; each is a row.
    #[arg(long, default_value = "8", value_parser = within(COUNTS), conflicts_with = "images")]
    count: usize,
    /// Interpolate between the codes of two images of the data set, given by their numbers, instead
    /// of random codes; may be repeated.
    #[arg(long, num_args = 2, value_names = ["I", "J"])]
    images: Vec<usize>,
    /// Points on each line, both ends included.
    #[arg(long, default_value = "11", value_parser = within(2..=1_024))]
    points: usize,
    #[command(flatten)]
    refinement: StepArguments,
    #[command(flatten)]
    condition: ConditionArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("interpolate")?;
    let ends = match arguments.images.as_chunks::<2>() {
        ([], []) => Ends::Random(arguments.count),
        (pairs, []) => Ends::Images(pairs.to_vec()),
        _ => bail!("--images takes two numbers"),
    };
    note_missing_energy(&run);
    let mut options = InterpolateOptions::new(ends);
    options.points = arguments.points;
    options.steps = arguments.refinement.steps;
    options.condition = arguments.condition.choice();
    Ok(run.interpolate(&options)?.write(&mut out)?)
}
