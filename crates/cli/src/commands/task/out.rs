//! The folder that a task writes into; the path of each file goes to stdout.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::tensor::Tensor;
use ebm_files::{write_file_with, write_npy};
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::Serialize;

use ebm_run::pictures::{write_grids, write_strip};

/// Images of a grid, and rows of a strip: more would not be looked at.
const GRID: usize = 1_024;
const ROWS: usize = 32;

pub(crate) struct Out {
    path: PathBuf,
    /// Whether the folder was not there before.
    new: bool,
    /// Whether images can be shown.
    pictures: bool,
}

impl Out {
    /// Makes the folder, so that one that cannot be written is found before any work is done.
    pub(super) fn create(path: PathBuf, pictures: bool) -> Result<Self> {
        let new = !path.exists();
        fs::create_dir_all(&path)
            .with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self { path, new, pictures })
    }

    /// A grid of images as `NAME.png`.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    pub(crate) fn grid(&self, name: &str, images: &Tensor<4>) -> Result<()> {
        let shown = first(images, GRID);
        self.picture(name, |path| Ok(write_grids(&[shown], path)?))
    }

    /// One row for each image, one column for each frame, as `NAME.png`.
    ///
    /// # Shapes
    /// - `frames`: each `[batch, channels, height, width]`
    pub(crate) fn strip(&self, name: &str, frames: &[Tensor<4>]) -> Result<()> {
        let shown: Vec<_> = frames.iter().map(|frame| first(frame, ROWS)).collect();
        self.picture(name, |path| Ok(write_strip(&shown, path)?))
    }

    fn picture(&self, name: &str, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        if self.pictures { self.write(&format!("{name}.png"), write) } else { Ok(()) }
    }

    /// An array in single precision as `NAME.npy`.
    pub(crate) fn array<const D: usize>(&self, name: &str, array: &Tensor<D>) -> Result<()> {
        let path = self.path.join(format!("{name}.npy"));
        let values: Vec<f32> = array.clone().into_data().iter::<f32>().collect();
        write_file_with(&path, |file| write_npy(file, &array.dims(), &values))?;
        tell(&path)
    }

    /// Named arrays in single precision as one `NAME.safetensors`.
    pub(crate) fn safetensors(&self, name: &str, arrays: &[(&str, Tensor<4>)]) -> Result<()> {
        let bytes: Vec<Vec<u8>> = arrays
            .iter()
            .map(|(_, array)| {
                let data = array.clone().into_data();
                data.iter::<f32>().flat_map(f32::to_le_bytes).collect()
            })
            .collect();
        let views = arrays.iter().zip(&bytes).map(|((name, array), bytes)| {
            Ok((*name, TensorView::new(Dtype::F32, array.dims().to_vec(), bytes)?))
        });
        let file = serialize(views.collect::<Result<Vec<_>>>()?, None)?;
        self.text(&format!("{name}.safetensors"), file)
    }

    /// One line for each record, as `NAME.jsonl`.
    pub(crate) fn lines(
        &self,
        name: &str,
        records: impl IntoIterator<Item = impl Serialize>,
    ) -> Result<()> {
        let mut text = String::new();
        for record in records {
            text += &serde_json::to_string(&record)?;
            text.push('\n');
        }
        self.text(&format!("{name}.jsonl"), text)
    }

    /// A record as `NAME.json`.
    pub(crate) fn json(&self, name: &str, record: &impl Serialize) -> Result<()> {
        self.text(&format!("{name}.json"), serde_json::to_string_pretty(record)? + "\n")
    }

    /// A file as it is.
    pub(crate) fn text(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.write(name, |path| Ok(fs::write(path, content)?))
    }

    fn write(&self, name: &str, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let path = self.path.join(name);
        write(&path).with_context(|| format!("cannot write {}", path.display()))?;
        tell(&path)
    }
}

impl Drop for Out {
    /// A task that was refused leaves no empty folder; one with files in it stays.
    fn drop(&mut self) {
        if self.new {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn first(images: &Tensor<4>, most: usize) -> Tensor<4> {
    let count = images.dims()[0].min(most);
    images.clone().narrow(0, 0, count)
}

fn tell(path: &Path) -> Result<()> {
    Ok(writeln!(stdout(), "{}", path.display())?)
}
