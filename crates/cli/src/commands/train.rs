//! `ebm train`: one run, from a recipe to its report.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use ebm::device::{DeviceName, open};
use ebm::teaching::{Ending, Recipe, Trainer, train};

use super::sets::Sets;
use ebm_run::{Interrupt, Plane, Progress, RunFolder, Source, find};

#[derive(Args)]
pub(crate) struct Arguments {
    /// An embedded recipe (see `ebm recipes`) or the path of a .toml file.
    #[arg(default_value = "digits")]
    recipe: String,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan or cuda.
    #[arg(long, default_value = "auto", value_parser = crate::parse_device)]
    device: DeviceName,
    /// Use the recipe's quick variant: a check that everything runs.
    #[arg(long)]
    quick: bool,
    /// Set a value of the recipe, as in --set chains.steps=30; may be repeated. `ebm recipes schema` lists all keys.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// The run's folder, new or empty [default: runs/NAME, with a number if that is taken].
    #[arg(long)]
    run_dir: Option<PathBuf>,
    /// Go on from a checkpoint, or from the last one of a run, instead of from a recipe; into another folder.
    #[arg(long, conflicts_with_all = ["recipe", "quick", "settings"])]
    resume: Option<PathBuf>,
    #[command(flatten)]
    sets: Sets,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    // What is quickly checked comes first: opening a GPU takes seconds.
    let checkpoint = arguments.resume.as_deref().map(find::checkpoint).transpose()?;
    let recipe = match &checkpoint {
        Some(_) => None,
        None => Some(Recipe::open(&arguments.recipe, arguments.quick, &arguments.settings)?),
    };
    let (root, catalog) = arguments.sets.open()?;
    let device = open(arguments.device)?;
    let (mut trainer, mut source) = match (&checkpoint, recipe) {
        (Some(checkpoint), _) => {
            let trainer = Trainer::load(checkpoint, &device)?;
            let source = Source::open(trainer.recipe(), &root, &catalog)?;
            (trainer, source)
        }
        (None, Some(recipe)) => {
            let source = Source::open(&recipe, &root, &catalog)?;
            (Trainer::new(recipe, source.image(), &device)?, source)
        }
        (None, None) => bail!("neither a recipe nor a checkpoint was given"),
    };

    let recipe = trainer.recipe().clone();
    let path = find::free_folder(arguments.run_dir, &recipe.name)?;
    let data = source.shown(recipe.evaluation.images, &device);
    let conditions = source.shown_conditions(recipe.evaluation.images, &device);
    let plane = source.density().map(Plane::new).transpose()?;
    let mut folder =
        RunFolder::create(path, &trainer, arguments.device, data, conditions.clone(), plane)?;
    let mut progress = Progress::new(&trainer);
    let mut interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    tracing::info!("{} on {:?}, into {}", recipe.name, device, folder.path().display());
    let outcome = train(
        &mut trainer,
        |iteration| source.batch(iteration, &device),
        conditions.as_ref(),
        &mut [&mut progress, &mut folder, &mut interrupt],
    );
    progress.finish();
    // A run that stopped on the way reports how it came to that.
    let report = folder.report();
    let last = || match find::last_checkpoint(folder.path()) {
        Some(path) => format!("its last good checkpoint is {}", path.display()),
        None => "it left no checkpoint".into(),
    };
    let stopped = || format!("the run in {} stopped; {}", folder.path().display(), last());
    match outcome.with_context(stopped)? {
        Ending::Finished => writeln!(std::io::stdout(), "{}", report?.display())?,
        Ending::Stopped => bail!(
            "Ctrl-C ended the run in {} after {} of {} iterations; {}, for `ebm train --resume`",
            folder.path().display(),
            trainer.iteration(),
            recipe.iterations,
            last()
        ),
    }
    Ok(())
}
