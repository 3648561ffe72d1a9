//! Checkpoints: a folder with both models, both optimisers, the recipe and the count of iterations.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Recipe, TeachingError, Trainer};

/// The files of parameters and optimiser states, in Burn's burnpack format.
pub const CHECKPOINT_FILES: [&str; 4] =
    ["energy.bpk", "vae.bpk", "energy-adam.bpk", "vae-adam.bpk"];
/// The file with the count of iterations, the shape of the images and the SHA-256 of the other files.
pub const CHECKPOINT_STATE: &str = "state.toml";
const RECIPE: &str = "recipe.toml";
/// Raised when a checkpoint of before can no longer be read.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    format: u32,
    iteration: u64,
    image: [usize; 2],
    sha256: BTreeMap<String, String>,
}

impl Trainer {
    /// Writes a checkpoint as the folder `path`: whole, or not at all. One that stands there is replaced.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`].
    pub fn save(&self, path: &Path) -> Result<(), TeachingError> {
        let partial = path.with_extension("partial");
        self.check_finite(path)?;
        if let Err(error) = self.write_files(&partial) {
            // The first error is the one to report.
            let _ = fs::remove_dir_all(&partial);
            return Err(error);
        }
        replace(&partial, path)
    }

    /// A gradient can be infinite where the loss is not: such parameters are not worth keeping.
    fn check_finite(&self, path: &Path) -> Result<(), TeachingError> {
        let mut finite = AllFinite(true);
        self.energy.visit(&mut finite);
        self.vae.visit(&mut finite);
        if finite.0 {
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
        let fail = |error: &dyn Display| checkpoint_error(folder, error);
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(|e| fail(&e))?;
        }
        fs::create_dir_all(folder).map_err(|e| fail(&e))?;
        let [energy, vae, energy_adam, vae_adam] = CHECKPOINT_FILES.map(|name| folder.join(name));
        self.energy.clone().save_file(energy).map_err(|e| fail(&e))?;
        self.vae.clone().save_file(vae).map_err(|e| fail(&e))?;
        self.energy_adam.save(energy_adam).map_err(|e| fail(&e))?;
        self.vae_adam.save(vae_adam).map_err(|e| fail(&e))?;
        fs::write(folder.join(RECIPE), self.recipe.to_toml()?).map_err(|e| fail(&e))?;
        let mut sha256 = BTreeMap::new();
        for name in CHECKPOINT_FILES.into_iter().chain([RECIPE]) {
            sha256.insert(name.to_owned(), digest(&folder.join(name))?);
        }
        let state = State { format: FORMAT, iteration: self.iteration, image: self.image, sha256 };
        let text = toml::to_string(&state).map_err(|e| fail(&e))?;
        fs::write(folder.join(CHECKPOINT_STATE), text).map_err(|e| fail(&e))
    }

    /// Reads a checkpoint; training goes on from it as if it had never stopped.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file that is missing, cut or changed.
    pub fn load(path: &Path, device: &Device) -> Result<Self, TeachingError> {
        let state_path = path.join(CHECKPOINT_STATE);
        let fail = |error: &dyn Display| checkpoint_error(&state_path, error);
        let text = fs::read_to_string(&state_path).map_err(|e| fail(&e))?;
        let state: State = toml::from_str(&text).map_err(|e| fail(&e))?;
        if state.format != FORMAT {
            return Err(fail(&format!("format {}, this program reads {FORMAT}", state.format)));
        }
        for name in CHECKPOINT_FILES.into_iter().chain([RECIPE]) {
            let file = path.join(name);
            let found = digest(&file)?;
            if state.sha256.get(name) != Some(&found) {
                return Err(checkpoint_error(
                    &file,
                    &"its SHA-256 is not the one in state.toml: the file was cut or changed; \
                      take another checkpoint",
                ));
            }
        }
        let recipe_path = path.join(RECIPE);
        let recipe =
            fs::read_to_string(&recipe_path).map_err(|e| checkpoint_error(&recipe_path, &e))?;
        let recipe = Recipe::from_toml(&recipe, &recipe_path.to_string_lossy())?;
        let mut trainer = Self::new(recipe, state.image, device)?;
        let [energy, vae, energy_adam, vae_adam] = CHECKPOINT_FILES.map(|name| path.join(name));
        trainer.energy =
            trainer.energy.try_load_file(&energy).map_err(|e| checkpoint_error(&energy, &e))?;
        trainer.vae = trainer.vae.try_load_file(&vae).map_err(|e| checkpoint_error(&vae, &e))?;
        trainer.energy_adam = trainer
            .energy_adam
            .load(&energy_adam)
            .map_err(|e| checkpoint_error(&energy_adam, &e))?;
        trainer.vae_adam =
            trainer.vae_adam.load(&vae_adam).map_err(|e| checkpoint_error(&vae_adam, &e))?;
        trainer.iteration = state.iteration;
        Ok(trainer)
    }
}

/// Puts `partial` in the place of `path`; at every moment one of the two is whole.
fn replace(partial: &Path, path: &Path) -> Result<(), TeachingError> {
    let old = path.with_extension("old");
    let fail = |error: std::io::Error| checkpoint_error(path, &error);
    if old.exists() {
        fs::remove_dir_all(&old).map_err(fail)?;
    }
    if path.exists() {
        fs::rename(path, &old).map_err(fail)?;
    }
    fs::rename(partial, path).map_err(fail)?;
    if old.exists() {
        fs::remove_dir_all(&old).map_err(fail)?;
    }
    Ok(())
}

struct AllFinite(bool);

impl ModuleVisitor for AllFinite {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // A sum is NaN or infinite if a term is, whatever a backend's maximum makes of NaN.
        let sum: f32 = param.val().without_autodiff().abs().sum().into_scalar();
        self.0 &= sum.is_finite();
    }
}

fn digest(path: &Path) -> Result<String, TeachingError> {
    let bytes = fs::read(path).map_err(|e| checkpoint_error(path, &e))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn checkpoint_error(path: &Path, message: &dyn Display) -> TeachingError {
    TeachingError::Checkpoint { path: PathBuf::from(path), message: message.to_string() }
}
