//! Checkpoints: a folder with both models, both optimisers, the recipe and the count of iterations.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::Device;
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
        let result = self.write_files(&partial).and_then(|()| replace(&partial, path));
        if result.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_dir_all(&partial);
        }
        result
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
        let recipe = Recipe::open(&path.join(RECIPE).to_string_lossy())?;
        let mut trainer = Self::new(recipe, state.image, device)?;
        let [energy, vae, energy_adam, vae_adam] = CHECKPOINT_FILES.map(|name| path.join(name));
        trainer.energy = trainer.energy.try_load_file(energy).map_err(|e| fail(&e))?;
        trainer.vae = trainer.vae.try_load_file(vae).map_err(|e| fail(&e))?;
        trainer.energy_adam = trainer.energy_adam.load(energy_adam).map_err(|e| fail(&e))?;
        trainer.vae_adam = trainer.vae_adam.load(vae_adam).map_err(|e| fail(&e))?;
        trainer.iteration = state.iteration;
        Ok(trainer)
    }
}

fn replace(partial: &Path, path: &Path) -> Result<(), TeachingError> {
    if path.exists() {
        fs::remove_dir_all(path).map_err(|e| checkpoint_error(path, &e))?;
    }
    fs::rename(partial, path).map_err(|e| checkpoint_error(path, &e))
}

fn digest(path: &Path) -> Result<String, TeachingError> {
    let bytes = fs::read(path).map_err(|e| checkpoint_error(path, &e))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn checkpoint_error(path: &Path, message: &dyn Display) -> TeachingError {
    TeachingError::Checkpoint { path: PathBuf::from(path), message: message.to_string() }
}
