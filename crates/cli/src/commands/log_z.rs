//! `ebm log-z`: the normalising constant of a run's energy, by annealed importance sampling.

use std::io::{Write, stdout};

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use clap::Args;
use ebm::energy::Gaussian;
use ebm::mcmc::{Mala, annealed_importance};
use ebm::teaching::ConditionRecipe;
use ebm::tensor::Examples;
use serde::Serialize;

use super::task::{self, COUNTS, ConditionArguments, STEPS, Task, values, within};
use ebm_run::mean;

/// Streams of random numbers.
const START: u64 = 0;
const CHAINS: u64 = 1;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Chains, each of which gives a weight.
    #[arg(long, default_value = "256", value_parser = within(COUNTS))]
    count: usize,
    /// Steps from the Gaussian that chains start from to the run's energy.
    #[arg(long, default_value = "1000", value_parser = within(STEPS))]
    steps: usize,
    /// δ of the Metropolis-adjusted Langevin steps [default: the recipe's chains.step_size].
    #[arg(long)]
    step_size: Option<f64>,
    /// Of a conditional run, log Z of p(x|c), mean over conditions.
    #[command(flatten)]
    condition: ConditionArguments,
}

/// What `log-z.json` says; logarithms in nats.
#[derive(Serialize)]
struct Report {
    log_z: f64,
    standard_error: f64,
    /// How many equal weights the weights are worth: of few, the estimate is too low and its error says little.
    effective: f64,
    chains: usize,
    steps: usize,
    step_size: f64,
    data: String,
    images: usize,
    /// mean −U(x) − log Z over the data.
    log_likelihood: f64,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "log-z")?;
    let trainer = &task.trainer;
    let (image, device) = (trainer.image(), trainer.device());
    let chains = &trainer.recipe().chains;
    if trainer.recipe().condition.as_ref().is_some_and(ConditionRecipe::holds) {
        bail!(
            "the run's chains hold what is seen (condition.hold): its energy was learned of the hole alone, and says \
             nothing of whole images"
        );
    }
    let condition = task.conditions(arguments.count, &arguments.condition)?;
    let model = trainer.model(condition)?;
    let step_size = arguments.step_size.unwrap_or(chains.step_size);
    let (count, steps) = (arguments.count, arguments.steps);

    // The reference term is a Gaussian of this width, and part of the run's energy; without it, pixels of unit variance.
    let std = chains.reference_std.unwrap_or(1.0) * chains.temperature.sqrt();
    let from = Gaussian { mean: 0.0, std };
    let draws = task.key.fold(START).normal(image.batch(count), device) * std;
    let kernel = Mala::new(step_size);
    let ratio = annealed_importance(&kernel, &from, &model, draws, steps, task.key.fold(CHAINS))?;
    // U₀ = ‖x‖²/(2σ²).
    let pixels = image.len() as f64;
    let log_z0 = 0.5 * pixels * (std::f64::consts::TAU * std * std).ln();
    let log_z = log_z0 + ratio.value;

    let examples = task.examples(arguments.condition.data())?;
    let (indices, images): (_, Tensor<4>) = examples.spread(count, device);
    let condition = task.conditions_of(&examples, &indices, &images)?;
    let energies = values(trainer.energies(Examples::new(images, condition))?);
    let report = Report {
        log_z,
        standard_error: ratio.standard_error,
        effective: ratio.effective,
        chains: count,
        steps,
        step_size,
        data: examples.to_string(),
        images: energies.len(),
        log_likelihood: -mean(&energies) - log_z,
    };
    task.out.json("log-z", &report)?;
    let mut out = stdout();
    let Report { standard_error, effective, data, images, log_likelihood, .. } = &report;
    writeln!(
        out,
        "log Z = {log_z:.3} ± {standard_error:.3} nats; {effective:.1} of {count} weights count"
    )?;
    writeln!(out, "{data}: mean log p(x) of {images} = {log_likelihood:.3} nats")?;
    if *effective < 0.1 * count as f64 {
        tracing::warn!(
            "few weights count: log Z is likely too low; give more --steps, or a smaller --step-size"
        );
    }
    Ok(())
}
