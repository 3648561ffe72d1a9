//! The files of a checkpoint: written with their checksums, read only if these agree.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::ModuleOptimizer;
use burn::tensor::Tensor;
use ebm_files::{FileError, sha256};

use crate::TeachingError;

/// A writer of the files of a checkpoint, which keeps their SHA-256.
#[derive(Debug)]
pub struct CheckpointWriter {
    folder: PathBuf,
    sha256: BTreeMap<String, String>,
}

/// A reader of the files of a checkpoint. It refuses a file that was truncated or changed.
#[derive(Debug)]
pub struct CheckpointReader {
    folder: PathBuf,
    sha256: BTreeMap<String, String>,
}

impl CheckpointWriter {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.into(), sha256: BTreeMap::new() }
    }

    /// Writes a file of bytes.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), TeachingError> {
        let file = self.folder.join(name);
        fs::write(&file, bytes).map_err(|error| checkpoint_error(&file, &error))?;
        self.sha256.insert(name.into(), sha256(bytes));
        Ok(())
    }

    /// Writes the parameters of a module in Burn's burnpack format; `name` ends in `.bpk`.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    pub fn write_module<M: Module>(&mut self, name: &str, module: &M) -> Result<(), TeachingError> {
        let file = self.folder.join(name);
        module.clone().save_file(&file).map_err(|error| checkpoint_error(&file, &error))?;
        self.note(name)
    }

    /// Writes the state of an optimiser in Burn's burnpack format; `name` ends in `.bpk`.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    pub fn write_optimiser(
        &mut self,
        name: &str,
        optimiser: &ModuleOptimizer,
    ) -> Result<(), TeachingError> {
        let file = self.folder.join(name);
        optimiser.save(&file).map_err(|error| checkpoint_error(&file, &error))?;
        self.note(name)
    }

    /// Returns the checksums by file name.
    pub(crate) fn into_sha256(self) -> BTreeMap<String, String> {
        self.sha256
    }

    fn note(&mut self, name: &str) -> Result<(), TeachingError> {
        let checksum = sha256(&read(&self.folder.join(name))?);
        self.sha256.insert(name.into(), checksum);
        Ok(())
    }
}

impl CheckpointReader {
    pub(crate) fn new(folder: &Path, sha256: BTreeMap<String, String>) -> Self {
        Self { folder: folder.into(), sha256 }
    }

    /// Reads a file of bytes.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, TeachingError> {
        let bytes = read(&self.path(name))?;
        if self.sha256.get(name) == Some(&sha256(&bytes)) {
            return Ok(bytes);
        }
        let message = "its SHA-256 is not the one in state.toml: the file was cut or changed; \
                       take another checkpoint";
        Err(self.error(name, message))
    }

    /// Reads the parameters of a module like the one given.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    pub fn read_module<M: Module>(&self, name: &str, module: M) -> Result<M, TeachingError> {
        self.read(name)?;
        module.try_load_file(self.path(name)).map_err(|error| self.error(name, error))
    }

    /// Reads the state of an optimiser like the one given.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    pub fn read_optimiser(
        &self,
        name: &str,
        optimiser: ModuleOptimizer,
    ) -> Result<ModuleOptimizer, TeachingError> {
        self.read(name)?;
        optimiser.load(self.path(name)).map_err(|error| self.error(name, error))
    }

    /// Creates an error that names a file of the checkpoint.
    pub fn error(&self, name: &str, message: impl Display) -> TeachingError {
        checkpoint_error(&self.path(name), &message)
    }

    /// Returns the path of a file, for messages.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Returns whether all parameters of a module are finite.
pub fn is_finite<M: Module>(module: &M) -> bool {
    let mut finite = AllFinite(true);
    module.visit(&mut finite);
    finite.0
}

struct AllFinite(bool);

impl ModuleVisitor for AllFinite {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // A sum is NaN or infinite if a term is, whatever a backend's maximum makes of NaN.
        let sum: f32 = param.val().without_autodiff().abs().sum().into_scalar();
        self.0 &= sum.is_finite();
    }
}

fn read(file: &Path) -> Result<Vec<u8>, TeachingError> {
    fs::read(file).map_err(|error| checkpoint_error(file, &error))
}

impl From<FileError> for TeachingError {
    /// Converts an error of a checkpoint's files.
    fn from(error: FileError) -> Self {
        let path = error.path().to_path_buf();
        match error {
            FileError::Io { cause, .. } => checkpoint_error(&path, &cause),
            other => checkpoint_error(&path, &other),
        }
    }
}

pub(crate) fn checkpoint_error(path: &Path, message: &dyn Display) -> TeachingError {
    TeachingError::Checkpoint { path: path.into(), message: message.to_string() }
}
