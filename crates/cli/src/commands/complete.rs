//! `ebm complete`: images of which a part is seen, or another image, completed by a run that learned to, several times
//! each.

use std::io::{Write, stdout};

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use clap::Args;
use ebm::data::Split;
use ebm::metrics::features::FeatureNetwork;
use ebm::tensor::ImageShape;
use serde::Serialize;

use super::eval::Network;
use super::task::{self, COUNTS, DataArguments, Refinement, Task, within};
use ebm_run::{Completed, Holes, Way, classifier};

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
    /// The network whose features Fréchet and kernel distances compare, as `ebm eval` takes it; of fewer images than
    /// features there is no Fréchet distance [default: the classifier of the recipe's data set, if one is compiled in].
    #[arg(long, value_name = "NAME[=FILE]")]
    features: Option<String>,
    #[command(flatten)]
    refinement: Refinement,
    #[command(flatten)]
    data: DataArguments,
}

/// What `completion.json` says: means over images and completions.
#[derive(Serialize)]
struct Report {
    data: String,
    images: usize,
    completions: usize,
    ways: Vec<Way>,
    /// Mean distance between two completions of one image; none of a single completion.
    diversity: Vec<(&'static str, f64)>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "complete")?;
    let recipe = task.trainer.recipe();
    let given = recipe.condition.as_ref().filter(|given| given.classes().is_none());
    let Some(condition) = given else {
        bail!(
            "the run did not learn to complete images (its recipe has no [condition] of kind \
             \"hidden\" or \"pair\"); `ebm inpaint` fills holes by an unconditional run"
        );
    };
    let examples = task.examples(&arguments.data)?;
    let training = task.examples_of(Split::Train, &arguments.data)?;
    let device = task.trainer.device();
    let Some(images) = examples.stacked(arguments.count, device) else {
        bail!("{examples} has no images");
    };
    let holes = Holes::new(images, condition, task.key);
    let ImageShape { channels, side } = task.trainer.image();
    let features: Option<Box<dyn FeatureNetwork>> = match &arguments.features {
        Some(given) => Some(Network::open(given, [channels, side, side], device)?.into_inner()),
        None => classifier(&recipe.data.set, device)?.map(|network| Box::new(network) as _),
    };
    let Arguments { completions, .. } = arguments;
    let numbers = [completions, task.steps(&arguments.refinement)];
    let done =
        Completed::new(&task.trainer, &holes, &training, features.as_deref(), numbers, task.key)?;
    for (name, sets) in [("x0", &done.starts), ("refined", &done.refined)] {
        if !sets.is_empty() {
            let stacked: Tensor<5> = Tensor::stack(sets.clone(), 1);
            task.out.array(name, &stacked)?;
        }
    }
    let (data, images) = (examples.to_string(), holes.images.dims()[0]);
    task.out.strip("complete", &done.columns(images))?;
    let Completed { ways, diversity, .. } = done;
    let report = Report { data, images, completions, ways, diversity };
    task.out.json("completion", &report)?;
    let mut out = stdout();
    for Way { name, measures } in &report.ways {
        let measures = measures.iter().map(|(measure, value)| format!("{measure} {value:.3}"));
        writeln!(out, "{name}: {}", measures.collect::<Vec<_>>().join(", "))?;
    }
    for (name, distance) in &report.diversity {
        writeln!(out, "{name}: {distance:.2} between two completions of an image")?;
    }
    Ok(())
}
