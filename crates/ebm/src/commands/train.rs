//! `ebm train`: one run, from a recipe to its report.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use ebm::data::{Batches, Catalog, DataRoot, Split, load};
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::{Batch, Recipe, Trainer, train};

use crate::run::{Progress, RunFolder};

/// The stream of the order of the data; the trainer's own streams are below it.
const DATA_ORDER: u64 = 100;

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
    /// The run's folder, new or empty [default: runs/NAME, with a number if that is taken].
    #[arg(long)]
    run_dir: Option<PathBuf>,
    /// Go on from a checkpoint (a folder `checkpoints/…` of a run) instead of from a recipe.
    #[arg(long, conflicts_with_all = ["recipe", "quick"])]
    resume: Option<PathBuf>,
    /// The folder of data sets [default: $EBM_DATA, else a folder of the user's].
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    // What is quickly checked comes first: opening a GPU takes seconds.
    let given = match &arguments.resume {
        Some(_) => None,
        None if arguments.quick && arguments.recipe.ends_with(".toml") => {
            bail!(
                "--quick chooses the quick variant of an embedded recipe; {} is a file",
                arguments.recipe
            )
        }
        None if arguments.quick => Some(Recipe::open(&format!("{}-quick", arguments.recipe))?),
        None => Some(Recipe::open(&arguments.recipe)?),
    };
    let device = open(arguments.device)?;
    let resumed = match &arguments.resume {
        Some(checkpoint) => Some(Trainer::load(checkpoint, &device)?),
        None => None,
    };
    let Some(recipe) = resumed.as_ref().map(|trainer| trainer.recipe().clone()).or(given) else {
        bail!("neither a recipe nor a checkpoint was given");
    };
    let root = DataRoot::resolve(arguments.data_dir)?;
    let images = load(&recipe.data.set, Split::Train, &root, &Catalog::embedded()?)?;
    let mut batches =
        Batches::new(images.len(), recipe.data.batch, Key::new(recipe.seed).fold(DATA_ORDER))?;
    let [channels, height, width] = images.shape();
    if height != width {
        bail!(
            "the images of {} are {height} × {width}; the networks take square ones",
            images.name()
        );
    }
    let mut trainer = match resumed {
        Some(trainer) => trainer,
        None => Trainer::new(recipe.clone(), [channels, height], &device)?,
    };

    let path = run_path(arguments.run_dir, &recipe.name)?;
    let data = images.batch(&spread(images.len(), recipe.evaluation.images), &device);
    let mut folder = RunFolder::create(path, &trainer, arguments.device, data)?;
    let mut progress = Progress::new(&trainer);
    tracing::info!("{} on {:?}, into {}", recipe.name, device, folder.path().display());
    let outcome = train(
        &mut trainer,
        |iteration| Batch {
            images: images.batch(&batches.indices(iteration), &device),
            epoch: batches.epoch(iteration),
        },
        &mut [&mut progress, &mut folder],
    );
    progress.finish();
    // A run that stopped on the way reports how it came to that.
    let report = folder.report();
    outcome.with_context(|| format!("the run in {} stopped", folder.path().display()))?;
    writeln!(std::io::stdout(), "{}", report?.display())?;
    Ok(())
}

/// Indices spread evenly over the set: embedded digits are sorted by class.
fn spread(len: usize, count: usize) -> Vec<usize> {
    (0..count.min(len)).map(|i| i * len / count.min(len)).collect()
}

fn run_path(given: Option<PathBuf>, name: &str) -> Result<PathBuf> {
    let taken =
        |path: &Path| path.read_dir().map_or(path.exists(), |mut entries| entries.next().is_some());
    if let Some(path) = given {
        if taken(&path) {
            bail!(
                "{} is there and not empty; name another --run-dir, so that no run is lost",
                path.display()
            );
        }
        return Ok(path);
    }
    let numbered = (2..).map(|number| Path::new("runs").join(format!("{name}-{number}")));
    std::iter::once(Path::new("runs").join(name))
        .chain(numbered)
        .find(|path| !taken(path))
        .context("no free folder in runs/")
}
