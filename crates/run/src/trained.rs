//! A trained run, opened for tasks.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use ebm::noise::{Key, streams};
use ebm::teaching::Trainer;
use ebm::tensor::{Condition, Examples, ImageShape};

use crate::{Result, locate};

/// A trained model on which tasks are run: sampling, reconstruction, evaluation and others.
///
/// Each task is a method with an options struct and a result; all random numbers follow from the
/// [seed](Self::with_seed).
#[derive(Debug)]
pub struct TrainedRun {
    trainer: Trainer,
    name: String,
    key: Key,
}

impl TrainedRun {
    /// Opens a checkpoint, or the last checkpoint of a run's folder.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if there is no checkpoint,
    /// [`RunError::Teaching`](crate::RunError::Teaching) if it cannot be read.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let checkpoint = locate::checkpoint(path)?;
        let trainer = Trainer::load(&checkpoint, device)?;
        Ok(Self::new(trainer, locate::run_name(&checkpoint).unwrap_or("run")))
    }

    /// Takes a model that is in memory.
    pub fn new(trainer: Trainer, name: impl Into<String>) -> Self {
        Self { trainer, name: name.into(), key: task_key(0) }
    }

    /// Sets the seed of all random numbers of tasks; the default is 0.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.key = task_key(seed);
        self
    }

    /// Returns the model.
    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }

    /// Returns the name of the run: that of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the shape of the images.
    pub fn image_shape(&self) -> ImageShape {
        self.trainer.image()
    }

    /// Returns whether the images can be shown as pictures, which points in the plane cannot.
    pub fn has_pictures(&self) -> bool {
        let ImageShape { channels, side } = self.image_shape();
        side > 1 && matches!(channels, 1 | 3)
    }

    /// Returns whether the run has an energy, so that its chains move.
    pub fn has_energy(&self) -> bool {
        self.trainer.has_energy()
    }

    /// Returns the key that the streams of a task belong to.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// Returns `steps`, or else the recipe's `chains.sampling_steps`.
    pub(crate) fn steps(&self, steps: Option<usize>) -> usize {
        steps.unwrap_or(self.trainer.recipe().chains.sampling_steps)
    }

    /// Returns the last states of chains from `start`; `None` without an energy.
    pub(crate) fn refine_images(
        &self,
        start: &Tensor<4>,
        condition: Option<Condition>,
        steps: Option<usize>,
        key: Key,
    ) -> Result<Option<Tensor<4>>> {
        if !self.has_energy() {
            return Ok(None);
        }
        let start = Examples { images: start.clone(), condition };
        Ok(Some(self.trainer.refine(start, self.steps(steps), key, |_, _| {})?.0))
    }
}

fn task_key(seed: u64) -> Key {
    Key::new(seed).fold(streams::run::TASKS)
}
