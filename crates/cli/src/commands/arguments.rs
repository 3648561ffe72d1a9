//! Arguments that several subcommands share.

use std::io::{Write, stdout};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use ebm::data::Split;
use ebm::device::{DeviceName, open};
use ebm_run::{ConditionChoice, DataChoice, DataLocation, OutputFolder, TrainedRun, locate};

/// The range of numbers of images or chains.
pub(crate) const COUNTS: RangeInclusive<u64> = 1..=65_536;
/// The range of numbers of steps.
pub(crate) const STEPS: RangeInclusive<u64> = 1..=100_000;

/// Returns a parser of numbers in a range.
pub(crate) fn within(range: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

/// The location of data sets.
#[derive(Args, Clone)]
pub(crate) struct LocationArguments {
    /// The folder of data sets [default: $EBM_DATA, else the user's data folder].
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    /// A file like datasets.toml, whose data sets extend the built-in ones or replace those of the
    /// same name [default: $EBM_CATALOG].
    #[arg(long, global = true, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

impl LocationArguments {
    pub(crate) fn location(&self) -> DataLocation {
        DataLocation::new(self.data_dir.clone(), self.catalog.clone())
    }
}

/// The data that a task looks at.
#[derive(Args)]
pub(crate) struct DataArguments {
    /// The data set or density [default: the recipe's].
    #[arg(long)]
    set: Option<String>,
    /// The split of the data set: train or test [default: test if there is one].
    #[arg(long, value_parser = parse_split)]
    split: Option<Split>,
    #[command(flatten)]
    location: LocationArguments,
}

impl DataArguments {
    pub(crate) fn choice(self) -> DataChoice {
        let mut choice = DataChoice::default().with_location(self.location.location());
        choice.set = self.set;
        choice.split = self.split;
        choice
    }
}

fn parse_split(given: &str) -> Result<Split, String> {
    match given {
        "train" => Ok(Split::Train),
        "test" => Ok(Split::Test),
        _ => Err("the splits are train and test".into()),
    }
}

/// The conditions of samples.
#[derive(Args)]
pub(crate) struct ConditionArguments {
    /// The class to sample, for a run that learned classes [default: all classes, one after the
    /// other].
    #[arg(long)]
    class: Option<u8>,
    #[command(flatten)]
    data: DataArguments,
}

impl ConditionArguments {
    pub(crate) fn choice(self) -> ConditionChoice {
        let mut choice = ConditionChoice::default().with_data(self.data.choice());
        choice.class = self.class;
        choice
    }
}

/// The Langevin steps of a task.
#[derive(Args)]
pub(crate) struct StepArguments {
    /// Langevin steps [default: the recipe's chains.sampling_steps].
    #[arg(long, value_parser = within(STEPS))]
    pub(crate) steps: Option<usize>,
}

/// The run of a task, and the folder of its results.
#[derive(Args)]
pub(crate) struct TaskArguments {
    /// The folder of a run, whose last checkpoint is used, or a checkpoint.
    run: PathBuf,
    /// The device: auto, cpu, ndarray, wgpu, vulkan or cuda.
    #[arg(long, default_value = "auto")]
    device: DeviceName,
    /// The folder of the results, new or empty [default: runs/RUN-TASK, with a number if that is
    /// taken].
    #[arg(long)]
    out: Option<PathBuf>,
    /// The seed of all random numbers.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl TaskArguments {
    /// Opens the run and creates the folder of the results, which prints the path of each file.
    pub(crate) fn open(self, task: &str) -> Result<(TrainedRun, OutputFolder)> {
        // Quick checks come first: opening a GPU takes seconds.
        let checkpoint = locate::checkpoint(&self.run)?;
        let name = locate::run_name(&checkpoint).unwrap_or("run");
        let folder = locate::free_folder(self.out, &format!("{name}-{task}"))?;
        let device = open(self.device)?;
        let run = TrainedRun::open(&checkpoint, &device)?.with_seed(self.seed);
        if !run.has_pictures() {
            tracing::info!("{} is not the shape of a picture: arrays only", run.image_shape());
        }
        let out = OutputFolder::create(folder)?
            .with_pictures(run.has_pictures())
            .with_announcement(|path| writeln!(stdout(), "{}", path.display()));
        Ok((run, out))
    }
}

/// Notes in the log if the chains of a run do not move.
pub(crate) fn note_missing_energy(run: &TrainedRun) {
    if !run.has_energy() {
        tracing::info!("the run has no energy: nothing is refined");
    }
}
