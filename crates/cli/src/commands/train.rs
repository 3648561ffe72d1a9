//! `ebm train`: one run, from a recipe to its report.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use ebm::device::{DeviceName, open};
use ebm::teaching::{Ending, Recipe};
use ebm_run::{Interrupt, Progress, Run, RunOptions, locate};

use super::LocationArguments;
use super::eval::print;

#[derive(Args)]
pub(crate) struct Arguments {
    /// An embedded recipe (see `ebm recipes`) or the path of a .toml file.
    #[arg(default_value = "digits")]
    recipe: String,
    /// The device: auto, cpu, ndarray, wgpu, vulkan or cuda.
    #[arg(long, default_value = "auto")]
    device: DeviceName,
    /// Use the recipe's quick variant, to check that everything works.
    #[arg(long)]
    quick: bool,
    /// Set a value of the recipe, as in --set chains.steps=30; may be repeated. `ebm recipes
    /// schema` lists all keys; a resumed run takes those that can change midway.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// The folder of the run, new or empty [default: runs/NAME, with a number if that is taken, or
    /// the folder of the run that is resumed].
    #[arg(long)]
    run_dir: Option<PathBuf>,
    /// Continue a run from its last checkpoint, in its folder unless --run-dir names another; or
    /// continue from a checkpoint, in a new folder. More iterations: --set iterations=….
    #[arg(long, conflicts_with_all = ["recipe", "quick"])]
    resume: Option<PathBuf>,
    #[command(flatten)]
    location: LocationArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let mut options = RunOptions::default().with_data(arguments.location.location());
    options.path = arguments.run_dir;
    options.requested_device = Some(arguments.device.to_string());
    // Quick checks come first: opening a GPU takes seconds.
    let mut run = match &arguments.resume {
        Some(path) => {
            locate::checkpoint(path)?;
            options.data.open()?;
            options.settings = arguments.settings;
            Run::resume(path, &open(arguments.device)?, &options)?
        }
        None => {
            let recipe = Recipe::open(&arguments.recipe, arguments.quick, &arguments.settings)?;
            options.data.open()?;
            Run::create(recipe, &open(arguments.device)?, &options)?
        }
    };
    let path = run.path().to_path_buf();
    let mut progress = Progress::new(run.trainer());
    let mut interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let (name, device) = (&run.trainer().recipe().name, run.trainer().device());
    tracing::info!("{name} on {device:?}, into {}", path.display());
    let outcome = run.train(&mut [&mut progress, &mut interrupt]);
    progress.finish();
    // A run that stopped early has a report as well.
    let report = run.report();
    let last = || match locate::last_checkpoint(&path) {
        Some(path) => format!("its last good checkpoint is {}", path.display()),
        None => "it left no checkpoint".into(),
    };
    let stopped = || format!("the run in {} stopped; {}", path.display(), last());
    match outcome.with_context(stopped)? {
        Ending::Finished => {
            report?;
            run.measure(&mut print, &mut [&mut progress])?;
            writeln!(stdout(), "{}", run.report()?.display())?;
        }
        Ending::Stopped => bail!(
            "Ctrl-C ended the run in {} after {} of {} iterations; {}; `ebm train --resume {}` continues",
            path.display(),
            run.trainer().iteration(),
            run.trainer().recipe().iterations,
            last(),
            path.display()
        ),
    }
    Ok(())
}
