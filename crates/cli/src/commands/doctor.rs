//! `ebm doctor`: the health of a checkpoint.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use ebm::device::{DeviceName, open};
use ebm_run::tasks::DoctorOptions;
use ebm_run::{TrainedRun, locate};

use super::arguments::{COUNTS, DataArguments, within};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of a run, whose last checkpoint is used, or a checkpoint.
    run: PathBuf,
    /// The device: auto, cpu, ndarray, wgpu, vulkan or cuda.
    #[arg(long, default_value = "auto")]
    device: DeviceName,
    /// The seed of all random numbers.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Number of images, evenly spread over the data set, and of chains.
    #[arg(long, default_value = "64", value_parser = within(COUNTS))]
    count: usize,
    #[command(flatten)]
    data: DataArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let checkpoint = locate::checkpoint(&arguments.run)?;
    let run = TrainedRun::open(&checkpoint, &open(arguments.device)?)?.with_seed(arguments.seed);
    let mut options = DoctorOptions::new(arguments.count);
    options.data = arguments.data.choice();
    let checkup = run.doctor(&options)?;
    write!(stdout(), "{checkup}")?;
    if !checkup.is_healthy() {
        bail!("{} is beyond the limits of its [guard]", checkpoint.display());
    }
    Ok(())
}
