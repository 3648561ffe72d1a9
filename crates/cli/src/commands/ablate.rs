//! `ebm ablate`: a matrix of runs, and one table of their measures.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use ebm::device::{DeviceName, open};
use ebm_run::ablation::{Ablation, AblationOptions, Matrix};
use ebm_run::locate;

use super::LocationArguments;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A .toml file with `seeds`, `[[bases]]` and `[[cases]]` [default: the built-in matrix].
    matrix: Option<PathBuf>,
    /// The folder of the table, new or empty.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only cases and bases whose names contain one of these words.
    #[arg(long)]
    only: Vec<String>,
    /// Make a few iterations of each run only, to check that everything works.
    #[arg(long)]
    quick: bool,
    /// Number of runs at the same time [default: 2].
    #[arg(long, default_value_t = 2)]
    parallel: usize,
    /// The device.
    #[arg(long, default_value = "cpu")]
    device: DeviceName,
    /// The network in which completions are compared, as in `ebm eval`, for data sets without a
    /// built-in classifier.
    #[arg(long, value_name = "NAME[=FILE]")]
    features: Option<String>,
    #[command(flatten)]
    location: LocationArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let matrix = match &arguments.matrix {
        Some(path) => Matrix::open(path)?,
        None => Matrix::embedded()?,
    };
    let mut options = AblationOptions::default();
    options.only = arguments.only;
    options.quick = arguments.quick;
    options.parallel = arguments.parallel;
    options.features = arguments.features;
    options.data = arguments.location.location();
    let ablation = Ablation::new(&matrix, &options)?;
    let device = open(arguments.device)?;
    let out = locate::free_folder(arguments.out, "ablations")?;
    let table = ablation.run(&device, &out)?;
    writeln!(stdout(), "{}", table.display())?;
    Ok(())
}
