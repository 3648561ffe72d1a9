//! What a file holds: believed only if its length, its SHA-256 and its form are right.

use std::fs::File;
use std::path::Path;

use crate::arrays;
use crate::catalog::{Entry, Item, Part};
use crate::cifar;
use crate::error::{ArrayProblem, DataError, FileProblem};
use crate::idx::{self, IdxArray, IdxError, read_up_to, unpack};
use crate::mat;
use crate::sum::sha256;

/// Pixels and classes as they gather from the files of a split.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) pixels: Vec<u8>,
    pub(crate) labels: Vec<u8>,
}

impl Content {
    /// Adds what a file holds, unpacked.
    fn add(&mut self, entry: &Entry, part: Part, bytes: Vec<u8>) -> Result<(), FileProblem> {
        match part {
            Part::Images(count) => {
                let [_, height, width] = entry.shape;
                self.pixels = array(bytes, &[count, height, width])?;
            }
            Part::Labels(count) => {
                self.labels = array(bytes, &[count])?;
                cifar::check_labels(self.labels.iter().copied(), entry.classes)?;
            }
            Part::Records => {
                let Self { pixels, labels } = self;
                cifar::parse(&bytes, entry.shape, entry.classes, pixels, labels)?;
            }
            Part::Matrices(count) => {
                (self.pixels, self.labels) = mat::parse(&bytes, entry.shape, entry.classes, count)?;
            }
        }
        Ok(())
    }

    /// Adds what the file at `path` holds, packed or not.
    pub(crate) fn read(
        &mut self,
        entry: &Entry,
        item: Item<'_>,
        path: &Path,
    ) -> Result<(), DataError> {
        let is_npz = path.extension().is_some_and(|extension| extension == "npz");
        let bytes = if is_npz { member(entry, item, path) } else { unpacked(entry, item, path) }?;
        self.add(entry, item.part, bytes).map_err(|problem| wrong(entry, path, problem))
    }
}

/// The unpacked bytes, if length and sum are the original's.
fn unpacked(entry: &Entry, item: Item<'_>, path: &Path) -> Result<Vec<u8>, DataError> {
    let file = item.file;
    let wrong = |problem| wrong(entry, path, problem);
    let handle = File::open(path).map_err(DataError::io("open", path))?;
    // Gzip lengthens what it cannot compress, by far less than this.
    let packed_limit = file.bytes + file.bytes / 64 + 65_536;
    let stored = read_up_to(handle, packed_limit).map_err(|problem| match problem {
        IdxError::Io { cause } => DataError::io("read", path)(cause),
        problem => wrong(problem.into()),
    })?;
    let bytes = unpack(stored, file.bytes).map_err(|problem| wrong(problem.into()))?;
    judged(entry, item, path, bytes)
}

/// The bytes of the IDX file that an array of an .npz, as Keras caches it, would be.
fn member(entry: &Entry, item: Item<'_>, path: &Path) -> Result<Vec<u8>, DataError> {
    let letter = if matches!(item.part, Part::Labels(_)) { 'y' } else { 'x' };
    let name = format!("{letter}_{}", item.split);
    let Some(array) = arrays::bytes(path, &name, item.file.bytes)? else {
        let problem = ArrayProblem::Absent;
        return Err(DataError::Array { path: path.to_path_buf(), array: name, problem });
    };
    let bytes = idx::written(&array.dims, &array.data);
    judged(entry, item, path, bytes)
}

/// Bytes whose length and sum are the original's.
fn judged(
    entry: &Entry,
    item: Item<'_>,
    path: &Path,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, DataError> {
    let (file, wrong) = (item.file, |problem| wrong(entry, path, problem));
    let found = bytes.len() as u64;
    if found != file.bytes {
        return Err(wrong(FileProblem::Length { found, expected: file.bytes }));
    }
    if let Some(expected) = &file.sha256 {
        let found = sha256(&bytes);
        if found != *expected {
            return Err(wrong(FileProblem::Checksum { found, expected: expected.clone() }));
        }
    }
    Ok(bytes)
}

/// The same, checked to its last byte.
pub(crate) fn checked(entry: &Entry, item: Item<'_>, path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = unpacked(entry, item, path)?;
    let form = Content::default().add(entry, item.part, bytes.clone());
    form.map_err(|problem| wrong(entry, path, problem))?;
    Ok(bytes)
}

fn array(bytes: Vec<u8>, dims: &[usize]) -> Result<Vec<u8>, FileProblem> {
    let array = IdxArray::from_bytes(bytes, dims.len() as u8)?;
    if array.dims() != dims {
        let (found, expected) = (array.dims().to_vec(), dims.to_vec());
        return Err(FileProblem::Dimensions { found, expected });
    }
    Ok(array.into_data())
}

fn wrong(entry: &Entry, path: &Path, problem: FileProblem) -> DataError {
    DataError::WrongFile { path: path.to_path_buf(), problem, dataset: entry.name.clone() }
}
