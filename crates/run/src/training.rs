//! A training run from a recipe or a checkpoint to its report.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use ebm::teaching::{Ending, Listener, Recipe, Trainer, train};

use crate::dataset::DataLocation;
use crate::folder::RunFolder;
use crate::source::Source;
use crate::{Result, locate};

/// The options of [`Run::create`] and [`Run::resume`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RunOptions {
    /// The folder of the run, new or empty; `None` for `runs/NAME`, with a number if that is taken.
    pub path: Option<PathBuf>,
    /// The location of the data sets.
    pub data: DataLocation,
    /// The device as the user named it, for the record; `None` for the name of the device.
    pub requested_device: Option<String>,
}

impl RunOptions {
    /// Sets the folder of the run.
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sets where data sets are looked for.
    pub fn with_data(mut self, data: DataLocation) -> Self {
        self.data = data;
        self
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
        Self::start(trainer, source, options)
    }

    /// Continues from a checkpoint, or from the last one of another run, in a folder of its own.
    ///
    /// # Errors
    /// The errors of [`create`](Self::create), and
    /// [`RunError::Teaching`](crate::RunError::Teaching) for a checkpoint that cannot be read.
    pub fn resume(checkpoint: &Path, device: &Device, options: &RunOptions) -> Result<Self> {
        let trainer = Trainer::load(&locate::checkpoint(checkpoint)?, device)?;
        let source = Source::open(trainer.recipe(), &options.data.open()?)?;
        Self::start(trainer, source, options)
    }

    fn start(trainer: Trainer, source: Source, options: &RunOptions) -> Result<Self> {
        let recipe = trainer.recipe();
        let path = locate::free_folder(options.path.clone(), &recipe.name)?;
        let preview = source.preview(recipe.evaluation.images, trainer.device());
        let device = match &options.requested_device {
            Some(device) => device.clone(),
            None => format!("{:?}", trainer.device()),
        };
        let folder = RunFolder::create(path, &trainer, preview, device)?;
        Ok(Self { trainer, source, folder })
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
