//! `ebm refine`: Langevin refinement of samples, step by step.

use anyhow::Result;
use clap::Args;
use ebm_run::tasks::RefineOptions;

use super::arguments::{COUNTS, ConditionArguments, STEPS, StepArguments, TaskArguments, within};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of chains; each is a row of the film strip.
    #[arg(long, default_value = "8", value_parser = within(COUNTS))]
    count: usize,
    /// Columns of the film strip, x₀ and x_T included; each state appears once at most.
    #[arg(long, default_value = "11", value_parser = within(2..=*STEPS.end()))]
    frames: usize,
    #[command(flatten)]
    refinement: StepArguments,
    #[command(flatten)]
    condition: ConditionArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("refine")?;
    let mut options = RefineOptions::new(arguments.count);
    options.frames = arguments.frames;
    options.steps = arguments.refinement.steps;
    options.condition = arguments.condition.choice();
    Ok(run.refine(&options)?.write(&mut out)?)
}
