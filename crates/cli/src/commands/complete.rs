//! `ebm complete`: completes images by a run that learned to complete them, several times each.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use ebm_run::Way;
use ebm_run::tasks::CompleteOptions;

use super::arguments::{COUNTS, DataArguments, StepArguments, TaskArguments, within};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of images, evenly spread over the data set.
    #[arg(long, default_value = "32", value_parser = within(COUNTS))]
    count: usize,
    /// Completions of each image.
    #[arg(long, default_value = "4", value_parser = within(1..=64))]
    completions: usize,
    /// The network whose features Fréchet and kernel distances compare, as in `ebm eval`; a Fréchet
    /// distance needs more images than features [default: the classifier of the recipe's data set,
    /// if one is built in].
    #[arg(long, value_name = "NAME[=FILE]")]
    features: Option<String>,
    #[command(flatten)]
    refinement: StepArguments,
    #[command(flatten)]
    data: DataArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("complete")?;
    let mut options = CompleteOptions::new(arguments.count, arguments.completions);
    options.features = arguments.features;
    options.steps = arguments.refinement.steps;
    options.data = arguments.data.choice();
    let completion = run.complete(&options)?;
    completion.write(&mut out)?;
    let mut out = stdout();
    for Way { name, measures, .. } in &completion.report.ways {
        let measures = measures.iter().map(|(measure, value)| format!("{measure} {value:.3}"));
        writeln!(out, "{name}: {}", measures.collect::<Vec<_>>().join(", "))?;
    }
    for (name, distance) in &completion.report.diversity {
        writeln!(out, "{name}: {distance:.2} between two completions of an image")?;
    }
    Ok(())
}
