//! What tasks on a trained run share: arguments, the run, the data and the folder for what they leave.

mod condition;
mod examples;
mod out;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Tensor;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::Trainer;
use ebm::tensor::{self, Condition, ImageShape};

pub(crate) use condition::ConditionArguments;
pub(crate) use examples::{DataArguments, Examples};
pub(crate) use out::Out;

use ebm_run::find;

/// The stream of tasks; a run's own streams are below it.
const TASKS: u64 = 103;

/// Images or chains at once.
pub(crate) const COUNTS: RangeInclusive<u64> = 1..=65_536;
/// Steps of a chain.
pub(crate) const STEPS: RangeInclusive<u64> = 1..=100_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A run's folder, of which the last checkpoint is taken, or a checkpoint.
    run: PathBuf,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan or cuda.
    #[arg(long, default_value = "auto", value_parser = crate::parse_device)]
    device: DeviceName,
    /// The folder to write into, new or empty [default: runs/RUN-TASK, with a number if that is taken].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Determines all random numbers.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Args)]
pub(crate) struct Refinement {
    /// Langevin steps [default: the recipe's chains.sampling_steps].
    #[arg(long, value_parser = within(STEPS))]
    steps: Option<usize>,
}

/// A trained run that something is asked of.
pub(crate) struct Task {
    pub(crate) trainer: Trainer,
    pub(crate) key: Key,
    pub(crate) out: Out,
}

impl Task {
    /// Reads the run and makes the folder `runs/RUN-task`, or the one that is asked for.
    pub(crate) fn open(arguments: Arguments, task: &str) -> Result<Self> {
        // What is quickly checked comes first: opening a GPU takes seconds.
        let checkpoint = find::checkpoint(&arguments.run)?;
        let run = run_name(&checkpoint).unwrap_or("run");
        let folder = find::free_folder(arguments.out, &format!("{run}-{task}"))?;
        let device = open(arguments.device)?;
        let trainer = Trainer::load(&checkpoint, &device)?;
        let ImageShape { channels, side } = trainer.image();
        let pictures = side > 1 && matches!(channels, 1 | 3);
        if !pictures {
            tracing::info!(
                "{channels} × {side} × {side} is not the shape of a picture: arrays only"
            );
        }
        let out = Out::create(folder, pictures)?;
        Ok(Self { trainer, key: Key::new(arguments.seed).fold(TASKS), out })
    }

    /// The steps asked for, or the recipe's.
    pub(crate) fn steps(&self, asked: &Refinement) -> usize {
        asked.steps.unwrap_or(self.trainer.recipe().chains.sampling_steps)
    }

    /// Whether chains move at all; the log says so if they do not.
    pub(crate) fn refines(&self) -> bool {
        let refines = self.trainer.has_energy();
        if !refines {
            tracing::info!("the run has no energy: nothing is refined");
        }
        refines
    }

    /// The last states of chains from `start`; `None` without an energy.
    pub(crate) fn refine(
        &self,
        start: &Tensor<4>,
        condition: Option<Condition>,
        asked: &Refinement,
        key: Key,
    ) -> Result<Option<Tensor<4>>> {
        if !self.refines() {
            return Ok(None);
        }
        let steps = self.steps(asked);
        let start = tensor::Examples::new(start.clone(), condition);
        Ok(Some(self.trainer.refine(start, steps, key, |_, _| {})?.0))
    }
}

/// `NAME` of `…/NAME/checkpoints/0002400`, or the name of a checkpoint that lies elsewhere.
fn run_name(checkpoint: &Path) -> Option<&str> {
    let run = match checkpoint.parent() {
        Some(folder) if folder.ends_with("checkpoints") => folder.parent(),
        _ => Some(checkpoint),
    };
    run?.file_name()?.to_str()
}

/// A number of a range, for clap.
pub(crate) fn within(range: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

/// All numbers, on the host.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_after_the_run() {
        let cases = [
            ("runs/digits-2/checkpoints/0000012", Some("digits-2")),
            ("/kept/best", Some("best")),
            ("./checkpoints/0000012", None),
        ];
        for (checkpoint, expected) in cases {
            assert_eq!(run_name(Path::new(checkpoint)), expected, "{checkpoint}");
        }
    }
}
