//! `ebm sample`: new images, before and after Langevin refinement.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use ebm::teaching::SampleRequest;
use ebm::tensor::Examples;
use serde::Serialize;

use ebm_run::Judge;

use super::task::{self, COUNTS, ConditionArguments, Refinement, Task, values, within};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Samples.
    #[arg(long, default_value = "64", value_parser = within(COUNTS))]
    count: usize,
    #[command(flatten)]
    refinement: Refinement,
    #[command(flatten)]
    condition: ConditionArguments,
}

/// A line of `energies.jsonl`.
#[derive(Serialize)]
struct Energies {
    sample: usize,
    x0: f64,
    refined: f64,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "sample")?;
    let steps = task.steps(&arguments.refinement);
    let condition = task.conditions(arguments.count, &arguments.condition)?;
    let request = SampleRequest::new(arguments.count, task.key);
    let samples = task.trainer.sample(request.given(condition.clone()).steps(steps))?;
    let mut arrays = vec![("x0", samples.start)];
    if task.refines() {
        arrays.push(("refined", samples.refined));
    }
    for (name, array) in &arrays {
        task.out.grid(name, array)?;
        task.out.array(name, array)?;
    }
    task.out.safetensors("samples", &arrays)?;
    if let (Some(judge), Some(condition)) =
        (Judge::of(task.trainer.recipe(), task.trainer.device())?, &condition)
    {
        for (name, images) in &arrays {
            let share = 100.0 * judge.accuracy(images, condition)?;
            writeln!(stdout(), "{name}: {share:.1} % show the class asked for, to the classifier")?;
        }
    }
    if let [(_, start), (_, refined)] = &arrays[..] {
        let energies = [start, refined]
            .map(|x| task.trainer.energies(Examples::new(x.clone(), condition.clone())));
        let [start, refined] = energies;
        let pairs = values(start?).into_iter().zip(values(refined?)).enumerate();
        let lines = pairs.map(|(sample, (x0, refined))| Energies { sample, x0, refined });
        task.out.lines("energies", lines)?;
    }
    Ok(())
}
