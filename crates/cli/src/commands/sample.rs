//! `ebm sample`: new images, before and after Langevin refinement.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use ebm_run::tasks::SampleOptions;

use super::arguments::{
    COUNTS, ConditionArguments, StepArguments, TaskArguments, note_missing_energy, within,
};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of samples.
    #[arg(long, default_value = "64", value_parser = within(COUNTS))]
    count: usize,
    #[command(flatten)]
    refinement: StepArguments,
    #[command(flatten)]
    condition: ConditionArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("sample")?;
    note_missing_energy(&run);
    let mut options =
        SampleOptions::new(arguments.count).with_condition(arguments.condition.choice());
    options.steps = arguments.refinement.steps;
    let samples = run.sample(&options)?;
    samples.write(&mut out)?;
    for (name, accuracy) in &samples.class_accuracy {
        let percent = 100.0 * accuracy;
        writeln!(stdout(), "{name}: {percent:.1} % show the class asked for, to the classifier")?;
    }
    Ok(())
}
