//! A training run from a recipe or a checkpoint to its report.

mod measures;

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use ebm::teaching::{Ending, Listener, Recipe, RecipeError, StudentRegistry, Trainer, train};

use self::measures::Measured;
use crate::dataset::DataLocation;
use crate::error::unsuitable;
use crate::eval::EvalEvent;
use crate::folder::RunFolder;
use crate::source::Source;
use crate::{Result, locate};

/// The options of [`Run::create`] and [`Run::resume`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RunOptions {
    /// The folder of the run, new or empty; `None` for `runs/NAME`, with a number if that is taken,
    /// and for the folder of a run that is resumed.
    pub path: Option<PathBuf>,
    /// The location of the data sets.
    pub data: DataLocation,
    /// The device as the user named it, for the record; `None` for the name of the device.
    pub requested_device: Option<String>,
    /// Settings that [`Run::resume`] lays over the recipe, `key=value`, as in `iterations=5000`.
    pub settings: Vec<String>,
}

impl RunOptions {
    /// Sets the folder of the run.
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sets the settings that [`Run::resume`] lays over the recipe.
    pub fn with_settings(mut self, settings: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings = settings.into_iter().map(Into::into).collect();
        self
    }

    /// Sets where data sets are looked for.
    pub fn with_data(mut self, data: DataLocation) -> Self {
        self.data = data;
        self
    }

    /// Returns the name of the device for the record.
    fn device(&self, trainer: &Trainer) -> String {
        let device = self.requested_device.clone();
        device.unwrap_or_else(|| format!("{:?}", trainer.device()))
    }
}

/// Returns the recipe in the folder of a run: that of its last checkpoint, unless the run was
/// resumed with another one and ended before it had made a checkpoint with that.
fn current_recipe(run: &Path, checkpoint: &Path, saved: &Recipe) -> Result<Recipe, RecipeError> {
    let [current, at_checkpoint] =
        [run, checkpoint].map(|folder| fs::read_to_string(folder.join("recipe.toml")));
    match (current, at_checkpoint) {
        (Ok(current), Ok(at_checkpoint)) if current != at_checkpoint => {
            Recipe::from_toml(&current, &run.join("recipe.toml").to_string_lossy())
        }
        _ => Ok(saved.clone()),
    }
}

/// A training run: a trainer, its data and the folder of its results.
///
/// ```no_run
/// use ebm::device::{DeviceName, open};
/// use ebm::teaching::Recipe;
/// use ebm_run::{Run, RunOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let recipe = Recipe::embedded("digits-quick")?;
/// let mut run = Run::create(recipe, &open(DeviceName::Cpu)?, &RunOptions::default())?;
/// run.train(&mut [])?;
/// println!("{}", run.report()?.display());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Run {
    trainer: Trainer,
    source: Source,
    folder: RunFolder,
    /// The location of the data sets.
    location: DataLocation,
}

impl Run {
    /// Opens the data of a recipe, initialises its networks and creates the folder of the run.
    ///
    /// # Errors
    /// [`RunError::Data`](crate::RunError::Data) for data that cannot be loaded,
    /// [`RunError::Teaching`](crate::RunError::Teaching) for networks that do not fit them,
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) and
    /// [`RunError::Write`](crate::RunError::Write) for a folder that cannot be used.
    pub fn create(recipe: Recipe, device: &Device, options: &RunOptions) -> Result<Self> {
        let source = Source::open(&recipe, &options.data.open()?)?;
        let trainer = Trainer::new(recipe, source.image(), device)?;
        measures::check(&trainer)?;
        let path = locate::free_folder(options.path.clone(), &trainer.recipe().name)?;
        let preview = source.preview(trainer.recipe().evaluation.images, trainer.device());
        let folder = RunFolder::create(path, &trainer, preview, options.device(&trainer))?;
        Ok(Self { trainer, source, folder, location: options.data.clone() })
    }

    /// Continues a run from its last checkpoint, or from a checkpoint.
    ///
    /// A run goes on in its own folder, whose records are [continued](RunFolder::resume), unless
    /// the options name another one; a checkpoint goes on in a new folder. The recipe is that of
    /// the run, with the options' settings laid over it: keys that [may
    /// change](Recipe::check_change) in the course of a run. With more `iterations` and no other
    /// change, the run equals, bit for bit on one machine's CPU, one that had these from the start.
    ///
    /// # Errors
    /// The errors of [`create`](Self::create), and
    /// [`RunError::Teaching`](crate::RunError::Teaching) for a checkpoint that cannot be read or a
    /// key that cannot change, [`RunError::Unsuitable`](crate::RunError::Unsuitable) for a run
    /// that has made all its iterations, or in whose folder another process trains.
    pub fn resume(run: &Path, device: &Device, options: &RunOptions) -> Result<Self> {
        let checkpoint = locate::checkpoint(run)?;
        let is_run = checkpoint != run;
        let mut changes = Vec::new();
        let change = |saved: Recipe| {
            let now =
                if is_run { current_recipe(run, &checkpoint, &saved)? } else { saved.clone() };
            let now = now.with_settings(&options.settings)?;
            changes = saved.changes(&now)?;
            Ok(now)
        };
        let students = StudentRegistry::default();
        let trainer = Trainer::load_changed(&checkpoint, device, &students, change)?;
        let (recipe, done) = (trainer.recipe(), trainer.iteration());
        if done >= recipe.iterations {
            unsuitable!(
                "{} has made {done} of {} iterations; to go on, raise their number, for example by \
                 --set iterations={}",
                run.display(),
                recipe.iterations,
                2 * done
            );
        }
        let source = Source::open(recipe, &options.data.open()?)?;
        measures::check(&trainer)?;
        let preview = source.preview(recipe.evaluation.images, trainer.device());
        let device = options.device(&trainer);
        let mut folder = match &options.path {
            None if is_run => RunFolder::resume(run, &trainer, preview, &device)?,
            path => {
                let path = locate::free_folder(path.clone(), &recipe.name)?;
                RunFolder::create(path, &trainer, preview, &device)?
            }
        };
        folder.record_resume(&checkpoint, &trainer, device, changes)?;
        Ok(Self { trainer, source, folder, location: options.data.clone() })
    }

    /// Trains until the recipe's last iteration, or until a listener ends training. The folder
    /// listens besides `listeners`.
    ///
    /// # Errors
    /// [`RunError::Teaching`](crate::RunError::Teaching): the first error of the trainer or of a
    /// listener.
    pub fn train(&mut self, listeners: &mut [&mut dyn Listener]) -> Result<Ending> {
        let device = self.trainer.device().clone();
        let conditions = self.folder.conditions().cloned();
        let source = &mut self.source;
        let mut all: Vec<&mut dyn Listener> = vec![&mut self.folder];
        all.extend(listeners.iter_mut().map(|listener| &mut **listener as &mut dyn Listener));
        let batches = |iteration| source.batch(iteration, &device);
        Ok(train(&mut self.trainer, batches, conditions.as_ref(), &mut all)?)
    }

    /// Measures as many samples of the last checkpoint as the recipe's `evaluation.final_samples`
    /// against the test images, beside as many images of the training set and, with
    /// `evaluation.vae_alone`, beside a VAE that learns from the data alone; the measures become
    /// part of the folder and of its report.
    ///
    /// `listener` hears of each measure as soon as it is computed, and `listeners` of the training
    /// of that VAE. Nothing is measured where the recipe asks for no samples, or names no features
    /// of a data set without a built-in classifier.
    ///
    /// # Errors
    /// Those of [`TrainedRun::evaluate`](crate::TrainedRun::evaluate) and of [`train`].
    pub fn measure(
        &mut self,
        listener: &mut dyn FnMut(EvalEvent<'_>) -> Result<()>,
        listeners: &mut [&mut dyn Listener],
    ) -> Result<()> {
        let measured = Measured {
            trainer: &self.trainer,
            path: self.folder.path(),
            location: &self.location,
            shown: self.folder.conditions(),
        };
        match measured.measure(listener, listeners)? {
            Some(lines) => self.folder.record_measures(lines),
            None => Ok(()),
        }
    }

    /// Writes the report and returns its path.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn report(&mut self) -> Result<PathBuf> {
        self.folder.report()
    }

    /// Returns the trainer.
    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }

    /// Returns the folder of the run.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
