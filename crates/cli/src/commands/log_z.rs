//! `ebm log-z`: the normalising constant of a run's energy, by annealed importance sampling.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use ebm_run::tasks::{LogZ, LogZOptions};

use super::arguments::{COUNTS, ConditionArguments, STEPS, TaskArguments, within};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of chains; each yields an importance weight.
    #[arg(long, default_value = "256", value_parser = within(COUNTS))]
    count: usize,
    /// Steps from the Gaussian at which the chains start to the run's energy.
    #[arg(long, default_value = "1000", value_parser = within(STEPS))]
    steps: usize,
    /// δ of the Metropolis-adjusted Langevin steps [default: the recipe's chains.step_size].
    #[arg(long)]
    step_size: Option<f64>,
    /// For a conditional run, log Z of p(x|c) as a mean over conditions.
    #[command(flatten)]
    condition: ConditionArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("log-z")?;
    let mut options = LogZOptions::new(arguments.count, arguments.steps);
    options.step_size = arguments.step_size;
    options.condition = arguments.condition.choice();
    let estimate = run.log_z(&options)?;
    estimate.write(&mut out)?;
    let mut out = stdout();
    let LogZ { log_z, standard_error, effective, chains, .. } = &estimate;
    let LogZ { data, images, log_likelihood, .. } = &estimate;
    writeln!(
        out,
        "log Z = {log_z:.3} ± {standard_error:.3} nats; effectively {effective:.1} of {chains} weights"
    )?;
    writeln!(out, "{data}: mean log p(x) of {images} = {log_likelihood:.3} nats")?;
    if *effective < 0.1 * *chains as f64 {
        tracing::warn!(
            "few weights dominate: log Z is probably too low; use more --steps or a smaller --step-size"
        );
    }
    Ok(())
}
