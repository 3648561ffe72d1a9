//! Checkpoints: a folder with the models, their optimisers, a replay buffer if there is one, the recipe and the count
//! of iterations.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::ModuleOptimizer;
use burn::tensor::{Device, Tensor};
use ebm_networks::Ema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::buffer::Buffer;
use crate::{Recipe, StudentKind, TeachingError, Trainer};

/// Parameters and optimiser states, in Burn's burnpack format.
const ENERGY: [&str; 2] = ["energy.bpk", "energy-adam.bpk"];
const VAE: [&str; 2] = ["vae.bpk", "vae-adam.bpk"];
/// The averages of the weights.
const AVERAGE: &str = "energy-average.bpk";
const VAE_AVERAGE: &str = "vae-average.bpk";
/// The states of a replay buffer, `[len, channels, height, width]`, single precision, little endian.
const BUFFER: &str = "buffer.f32";
/// The file with the count of iterations, the shape of the images and the SHA-256 of the other files.
pub const CHECKPOINT_STATE: &str = "state.toml";
const RECIPE: &str = "recipe.toml";
/// Raised when a checkpoint of before can no longer be read.
const FORMAT: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    format: u32,
    iteration: u64,
    epoch: u64,
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
        if let Some(vae) = self.vae() {
            vae.visit(&mut finite);
        }
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
        let [parameters, adam] = ENERGY.map(|name| folder.join(name));
        self.energy.clone().save_file(parameters).map_err(|e| fail(&e))?;
        self.energy_adam.save(adam).map_err(|e| fail(&e))?;
        if let Some(average) = &self.average {
            average.model().clone().save_file(folder.join(AVERAGE)).map_err(|e| fail(&e))?;
        }
        if let Some((vae, vae_adam)) = &self.student.vae {
            let [parameters, adam] = VAE.map(|name| folder.join(name));
            vae.clone().save_file(parameters).map_err(|e| fail(&e))?;
            vae_adam.save(adam).map_err(|e| fail(&e))?;
        }
        if let Some(average) = &self.student.average {
            average.model().clone().save_file(folder.join(VAE_AVERAGE)).map_err(|e| fail(&e))?;
        }
        if let Some(buffer) = &self.student.buffer {
            let bytes: Vec<u8> = buffer.states().iter().flat_map(|x| x.to_le_bytes()).collect();
            fs::write(folder.join(BUFFER), bytes).map_err(|e| fail(&e))?;
        }
        fs::write(folder.join(RECIPE), self.recipe.to_toml()?).map_err(|e| fail(&e))?;
        let mut sha256 = BTreeMap::new();
        for name in files(&self.recipe) {
            sha256.insert(name.to_owned(), digest(&folder.join(name))?);
        }
        let (iteration, epoch, image) = (self.iteration, self.epoch, self.image);
        let state = State { format: FORMAT, iteration, epoch, image, sha256 };
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
        let check = |name: &str| {
            let file = path.join(name);
            if state.sha256.get(name) == Some(&digest(&file)?) {
                return Ok(());
            }
            Err(checkpoint_error(
                &file,
                &"its SHA-256 is not the one in state.toml: the file was cut or changed; \
                  take another checkpoint",
            ))
        };
        let recipe_path = path.join(RECIPE);
        check(RECIPE)?;
        let recipe =
            fs::read_to_string(&recipe_path).map_err(|e| checkpoint_error(&recipe_path, &e))?;
        let recipe = Recipe::from_toml(&recipe, &recipe_path.to_string_lossy())?;
        files(&recipe).try_for_each(check)?;
        let mut trainer = Self::new(recipe, state.image, device)?;
        (trainer.energy, trainer.energy_adam) =
            read(path, ENERGY, (trainer.energy, trainer.energy_adam))?;
        if let Some(decay) = trainer.recipe.optimiser.ema_decay {
            trainer.average = Some(read_average(path, AVERAGE, decay, &trainer.energy)?);
        }
        if let Some(vae) = trainer.student.vae.take() {
            let (vae, adam) = read(path, VAE, vae)?;
            if let Some(decay) = trainer.recipe.student.ema_decay {
                trainer.student.average = Some(read_average(path, VAE_AVERAGE, decay, &vae)?);
            }
            trainer.student.vae = Some((vae, adam));
        }
        if trainer.student.buffer.is_some() {
            trainer.student.buffer = Some(read_buffer(&path.join(BUFFER), &trainer)?);
        }
        (trainer.iteration, trainer.epoch) = (state.iteration, state.epoch);
        Ok(trainer)
    }
}

/// The files of a checkpoint of this recipe, without that of sums.
fn files(recipe: &Recipe) -> impl Iterator<Item = &'static str> {
    let kind = recipe.student.kind;
    let vae = VAE.into_iter().filter(move |_| kind.has_vae());
    let buffer = (kind == StudentKind::Replay).then_some(BUFFER);
    let average = recipe.optimiser.ema_decay.map(|_| AVERAGE);
    let vae_average = recipe.student.ema_decay.filter(|_| kind.has_vae()).map(|_| VAE_AVERAGE);
    let averages = average.into_iter().chain(vae_average);
    [RECIPE].into_iter().chain(ENERGY).chain(averages).chain(vae).chain(buffer)
}

/// Parameters and their optimiser.
fn read<M: Module>(
    folder: &Path,
    files: [&str; 2],
    (module, adam): (M, ModuleOptimizer),
) -> Result<(M, ModuleOptimizer), TeachingError> {
    let [parameters, state] = files.map(|name| folder.join(name));
    let module =
        module.try_load_file(&parameters).map_err(|e| checkpoint_error(&parameters, &e))?;
    let adam = adam.load(&state).map_err(|e| checkpoint_error(&state, &e))?;
    Ok((module, adam))
}

/// The average of the weights of a module like this one.
fn read_average<M: Module>(
    folder: &Path,
    name: &str,
    decay: f64,
    module: &M,
) -> Result<Ema<M>, TeachingError> {
    let file = folder.join(name);
    let average = module.clone().try_load_file(&file);
    Ok(Ema::new(decay, &average.map_err(|e| checkpoint_error(&file, &e))?)?)
}

fn read_buffer(file: &Path, trainer: &Trainer) -> Result<Buffer, TeachingError> {
    let bytes = fs::read(file).map_err(|e| checkpoint_error(file, &e))?;
    let states = bytes.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
    let len = trainer.recipe.student.buffer;
    Buffer::from_states(len, trainer.image, states)
        .ok_or_else(|| checkpoint_error(file, &format!("it does not hold {len} states")))
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
