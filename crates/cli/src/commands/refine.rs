//! `ebm refine`: how Langevin steps change samples, step by step.

use anyhow::{Error, Result};
use burn::tensor::Tensor;
use clap::Args;
use ebm::teaching::SampleRequest;
use ebm::tensor::Examples;
use serde::Serialize;

use super::task::{self, COUNTS, ConditionArguments, Refinement, STEPS, Task, values, within};
use ebm_run::mean;
use ebm_run::plots::{Curve, draw_against};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Chains, a row of the film strip each.
    #[arg(long, default_value = "8", value_parser = within(COUNTS))]
    count: usize,
    /// Columns of the film strip, x₀ and x_T included; at most one for each state is shown.
    #[arg(long, default_value = "11", value_parser = within(2..=*STEPS.end()))]
    frames: usize,
    #[command(flatten)]
    refinement: Refinement,
    #[command(flatten)]
    condition: ConditionArguments,
}

/// A line of `energies.jsonl`.
#[derive(Serialize)]
struct Energies<'a> {
    step: usize,
    mean: f64,
    /// Of each chain.
    energies: &'a [f64],
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "refine")?;
    let Arguments { count, frames, .. } = arguments;
    let steps = task.steps(&arguments.refinement);
    let condition = task.conditions(count, &arguments.condition)?;
    let request = SampleRequest::new(count, task.key).given(condition.clone()).steps(steps);
    let samples = task.trainer.sample(request.film_strip(count, frames))?;
    let mut energies = samples.energies.map(values).unwrap_or_default();
    energies.extend(values(task.trainer.energies(Examples::new(samples.refined, condition))?));

    task.out.strip("strip", &samples.strip)?;
    let strip: Tensor<5> = Tensor::stack(samples.strip, 1);
    task.out.array("strip", &strip)?;
    let lines: Vec<Energies<'_>> = energies
        .chunks(count)
        .enumerate()
        .map(|(step, energies)| Energies { step, mean: mean(energies), energies })
        .collect();
    task.out.lines("energies", &lines)?;
    task.out.text("energies.svg", plot(&lines)?)
}

fn plot(lines: &[Energies<'_>]) -> Result<String> {
    let curve = |name, value: fn(&Energies<'_>) -> f64| Curve {
        name,
        points: lines.iter().map(|line| (line.step as f64, value(line))).collect(),
    };
    let curves = [
        curve("mean", |line| line.mean),
        curve("highest", |line| line.energies.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        curve("lowest", |line| line.energies.iter().copied().fold(f64::INFINITY, f64::min)),
    ];
    draw_against("Langevin step", "U of the chains", &curves).map_err(Error::from_boxed)
}
