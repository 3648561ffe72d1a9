//! Checkpoints: folders with the models, their optimisers, the state of the student, the recipe and
//! the count of iterations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use ebm_files::write_folder;
use ebm_networks::Ema;
use ebm_tensor::ImageShape;
use serde::{Deserialize, Serialize};

use crate::control::Control;
use crate::files::{CheckpointReader, CheckpointWriter, checkpoint_error, is_finite};
use crate::guard::Guard;
use crate::{Recipe, RecipeError, StudentRegistry, TeachingError, Trainer};

const ENERGY: &str = "energy.bpk";
const ENERGY_ADAM: &str = "energy-adam.bpk";
/// The average of the energy's weights.
const AVERAGE: &str = "energy-average.bpk";
/// The file with the count of iterations, the shape of the images and the SHA-256 of the other
/// files.
pub const CHECKPOINT_STATE: &str = "state.toml";
const RECIPE: &str = "recipe.toml";
/// The version of the format, raised when an older program can no longer read new checkpoints.
const FORMAT: u32 = 3;
/// The format in which recipes held the keys of all kinds of students and conditions at once.
const ALL_KEYS: u32 = 2;

/// Returns the name of the folder of a checkpoint among those of a run.
pub fn checkpoint_name(iteration: u64) -> String {
    format!("{iteration:07}")
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    format: u32,
    iteration: u64,
    epoch: u64,
    image: ImageShape,
    /// The state of the guard; absent in checkpoints from before there was one.
    #[serde(default)]
    guard: Guard,
    /// The state of the control of the curvature; absent in older checkpoints.
    #[serde(default)]
    control: Control,
    sha256: BTreeMap<String, String>,
}

impl Trainer {
    /// Writes a checkpoint as the folder `path`: whole, or not at all. A checkpoint at that path is
    /// replaced.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`].
    pub fn save(&self, path: &Path) -> Result<(), TeachingError> {
        self.check_finite(path)?;
        write_folder(path, |folder| self.write_files(folder))
    }

    /// Refuses parameters that are not finite: a gradient can be infinite where the loss is not.
    fn check_finite(&self, path: &Path) -> Result<(), TeachingError> {
        if is_finite(&self.energy) && self.student.is_finite() {
            return Ok(());
        }
        let message = format!(
            "after iteration {} a parameter is NaN or infinite, so nothing was written; lower the \
             learning rates and go on from the checkpoint before",
            self.iteration
        );
        Err(checkpoint_error(path, &message))
    }

    fn write_files(&self, folder: &Path) -> Result<(), TeachingError> {
        let mut files = CheckpointWriter::new(folder);
        files.write_module(ENERGY, &self.energy)?;
        files.write_optimiser(ENERGY_ADAM, &self.energy_adam)?;
        if let Some(average) = &self.average {
            files.write_module(AVERAGE, average.model())?;
        }
        self.student.save(&mut files)?;
        files.write(RECIPE, self.recipe.to_toml()?.as_bytes())?;
        let (iteration, epoch, image) = (self.iteration, self.epoch, self.image);
        let (guard, control) = (self.guard.clone(), self.control);
        let sha256 = files.into_sha256();
        let state = State { format: FORMAT, iteration, epoch, image, guard, control, sha256 };
        let text = toml::to_string(&state).map_err(|error| checkpoint_error(folder, &error))?;
        let file = folder.join(CHECKPOINT_STATE);
        fs::write(&file, text).map_err(|error| checkpoint_error(&file, &error))
    }

    /// Reads a checkpoint; training continues from it as if it had never stopped.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file that is missing, cut or changed.
    pub fn load(path: &Path, device: &Device) -> Result<Self, TeachingError> {
        Self::load_with(path, device, &StudentRegistry::default())
    }

    /// Reads a checkpoint of a run whose student is one of `students`.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load), or [`TeachingError::Recipe`] for a student that is not
    /// one of `students`.
    pub fn load_with(
        path: &Path,
        device: &Device,
        students: &StudentRegistry,
    ) -> Result<Self, TeachingError> {
        Self::load_changed(path, device, students, Ok)
    }

    /// Reads a checkpoint and goes on with another recipe, which `change` makes of the one in the
    /// checkpoint. With a changed `iterations` alone, the run equals one that had these from the
    /// start.
    ///
    /// # Errors
    /// The errors of [`load_with`](Self::load_with) and of `change`, or [`TeachingError::Recipe`]
    /// for a key that [cannot change](Recipe::check_change).
    pub fn load_changed(
        path: &Path,
        device: &Device,
        students: &StudentRegistry,
        change: impl FnOnce(Recipe) -> Result<Recipe, RecipeError>,
    ) -> Result<Self, TeachingError> {
        let state_path = path.join(CHECKPOINT_STATE);
        let fail = |error: &dyn std::fmt::Display| checkpoint_error(&state_path, error);
        let text = fs::read_to_string(&state_path).map_err(|e| fail(&e))?;
        let state: State = toml::from_str(&text).map_err(|e| fail(&e))?;
        if !(ALL_KEYS..=FORMAT).contains(&state.format) {
            let given = state.format;
            return Err(fail(&format!(
                "format {given}, this program reads {ALL_KEYS} to {FORMAT}"
            )));
        }
        let files = CheckpointReader::new(path, state.sha256);
        let recipe =
            String::from_utf8(files.read(RECIPE)?).map_err(|error| files.error(RECIPE, error))?;
        let origin = files.path(RECIPE);
        let saved = match state.format {
            ALL_KEYS => Recipe::from_toml_of_all_keys(&recipe, &origin.to_string_lossy())?,
            _ => Recipe::from_toml_with(&recipe, &origin.to_string_lossy(), students)?,
        };
        let recipe = change(saved.clone())?;
        saved.check_change(&recipe)?;
        let mut trainer = Self::with_students(recipe, state.image, device, students)?;
        trainer.energy = files.read_module(ENERGY, trainer.energy)?;
        trainer.energy_adam = files.read_optimiser(ENERGY_ADAM, trainer.energy_adam)?;
        if let Some(decay) = trainer.recipe.optimiser.ema_decay {
            let average = files.read_module(AVERAGE, trainer.energy.clone())?;
            trainer.average = Some(Ema::new(decay, &average)?);
        }
        trainer.student.load(&files)?;
        (trainer.iteration, trainer.epoch) = (state.iteration, state.epoch);
        (trainer.guard, trainer.control) = (state.guard, state.control);
        trainer.origin = Some(path.into());
        Ok(trainer)
    }

    /// Returns the checkpoint after so many iterations beside the one that this trainer was read
    /// from, or that one itself.
    pub(crate) fn checkpoint_beside(&self, iteration: u64) -> Option<PathBuf> {
        let folder = self.origin.as_ref()?.parent()?;
        let path = folder.join(checkpoint_name(iteration));
        path.join(CHECKPOINT_STATE).is_file().then_some(path)
    }
}
