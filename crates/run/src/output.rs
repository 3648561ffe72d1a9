//! The folder that the results of a task are written into.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::tensor::Tensor;
use ebm::tensor::values;
use ebm_files::{write_file_with, write_npy};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::Serialize;

use crate::pictures::{write_grids, write_strip};
use crate::{Result, RunError};

/// The most images of a grid and rows of a strip: more could not be inspected.
const MAX_GRID: usize = 1_024;
const MAX_ROWS: usize = 32;

type Announce = Box<dyn FnMut(&Path) -> io::Result<()>>;

/// A folder for the results of a task: pictures, arrays and records.
///
/// A folder that was created for the task and is still empty when the value is dropped is removed
/// again: a task that fails leaves no empty folder.
pub struct OutputFolder {
    path: PathBuf,
    created: bool,
    pictures: bool,
    written: Vec<PathBuf>,
    announce: Option<Announce>,
}

impl OutputFolder {
    /// Creates the folder unless it exists, so that a folder which cannot be written is found
    /// before any work is done.
    ///
    /// # Errors
    /// [`RunError::Write`] if it cannot be created.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let created = !path.exists();
        fs::create_dir_all(&path).map_err(RunError::writing(&path))?;
        Ok(Self { path, created, pictures: true, written: Vec::new(), announce: None })
    }

    /// Sets whether images are written as pictures besides arrays; points in the plane are not.
    pub fn with_pictures(mut self, pictures: bool) -> Self {
        self.pictures = pictures;
        self
    }

    /// Sets a function that is called with the path of each file as soon as it is complete.
    pub fn with_announcement(
        mut self,
        announce: impl FnMut(&Path) -> io::Result<()> + 'static,
    ) -> Self {
        self.announce = Some(Box::new(announce));
        self
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the files that were written, in order.
    pub fn written(&self) -> &[PathBuf] {
        &self.written
    }

    /// Writes a grid of images as `NAME.png`.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    ///
    /// # Errors
    /// [`RunError::Write`], as all methods that write.
    pub fn grid(&mut self, name: &str, images: &Tensor<4>) -> Result<()> {
        let images = first(images, MAX_GRID);
        self.picture(name, |path| write_grids(&[images], path))
    }

    /// Writes one row for each image and one column for each frame as `NAME.png`.
    ///
    /// # Shapes
    /// - `frames`: each `[batch, channels, height, width]`
    ///
    /// # Errors
    /// [`RunError::Write`]
    pub fn strip(&mut self, name: &str, frames: &[Tensor<4>]) -> Result<()> {
        let frames: Vec<_> = frames.iter().map(|frame| first(frame, MAX_ROWS)).collect();
        self.picture(name, |path| write_strip(&frames, path))
    }

    fn picture(
        &mut self,
        name: &str,
        write: impl FnOnce(&Path) -> Result<(), image::ImageError>,
    ) -> Result<()> {
        if self.pictures { self.write(&format!("{name}.png"), write) } else { Ok(()) }
    }

    /// Writes an array in single precision as `NAME.npy`.
    ///
    /// # Errors
    /// [`RunError::Write`]
    pub fn array<const D: usize>(&mut self, name: &str, array: &Tensor<D>) -> Result<()> {
        let (values, shape) = (values(array.clone()), array.dims());
        self.write(&format!("{name}.npy"), |path| {
            write_file_with(path, |file| write_npy(file, &shape, &values))
        })
    }

    /// Writes named arrays in single precision as one `NAME.safetensors`.
    ///
    /// # Errors
    /// [`RunError::Write`]
    pub fn safetensors(&mut self, name: &str, arrays: &[(&str, &Tensor<4>)]) -> Result<()> {
        let bytes: Vec<Vec<u8>> = arrays
            .iter()
            .map(|(_, array)| {
                values((*array).clone()).into_iter().flat_map(f32::to_le_bytes).collect()
            })
            .collect();
        let file = || -> Result<Vec<u8>, SafeTensorError> {
            let views = arrays.iter().zip(&bytes).map(|((name, array), bytes)| {
                Ok((*name, TensorView::new(Dtype::F32, array.dims().to_vec(), bytes)?))
            });
            serialize(views.collect::<Result<Vec<_>, SafeTensorError>>()?, None)
        };
        let name = format!("{name}.safetensors");
        let file = file().map_err(RunError::writing(&self.path.join(&name)))?;
        self.text(&name, file)
    }

    /// Writes one line for each record as `NAME.jsonl`.
    ///
    /// # Errors
    /// [`RunError::Write`]
    pub fn lines(
        &mut self,
        name: &str,
        records: impl IntoIterator<Item = impl Serialize>,
    ) -> Result<()> {
        let name = format!("{name}.jsonl");
        let mut text = String::new();
        for record in records {
            text += &serde_json::to_string(&record)
                .map_err(RunError::writing(&self.path.join(&name)))?;
            text.push('\n');
        }
        self.text(&name, text)
    }

    /// Writes a record as `NAME.json`.
    ///
    /// # Errors
    /// [`RunError::Write`]
    pub fn json(&mut self, name: &str, record: &impl Serialize) -> Result<()> {
        let name = format!("{name}.json");
        let text = serde_json::to_string_pretty(record)
            .map_err(RunError::writing(&self.path.join(&name)))?;
        self.text(&name, text + "\n")
    }

    /// Writes a file with the given content.
    ///
    /// # Errors
    /// [`RunError::Write`]
    pub fn text(&mut self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.write(name, |path| fs::write(path, content))
    }

    fn write<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &mut self,
        name: &str,
        write: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<()> {
        let path = self.path.join(name);
        write(&path).map_err(RunError::writing(&path))?;
        if let Some(announce) = &mut self.announce {
            announce(&path).map_err(RunError::writing(Path::new("standard output")))?;
        }
        self.written.push(path);
        Ok(())
    }
}

impl std::fmt::Debug for OutputFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutputFolder")
            .field("path", &self.path)
            .field("pictures", &self.pictures)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if self.created {
            // Fails, as it should, if the folder holds files.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn first(images: &Tensor<4>, most: usize) -> Tensor<4> {
    let count = images.dims()[0].min(most);
    images.clone().narrow(0, 0, count)
}
