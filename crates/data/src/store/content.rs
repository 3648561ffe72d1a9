//! The contents of files, used only if their length, their SHA-256 and their form are right.

use std::fs::File;
use std::path::Path;

use ebm_files::{ElementType, NpzReader, ReadError, read_up_to, sha256};

use crate::catalog::{Entry, Item, Part};
use crate::error::{DataError, FileProblem};
use crate::formats::idx::{self, IdxArray, IdxError, unpack};
use crate::formats::numpy::ArrayProblem;
use crate::formats::{mat, records};

/// Pixels and classes, gathered from the files of a split.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) pixels: Vec<u8>,
    pub(crate) labels: Vec<u8>,
}

impl Content {
    /// Adds the content of a file, unpacked.
    fn add(&mut self, entry: &Entry, part: Part, bytes: Vec<u8>) -> Result<(), FileProblem> {
        match part {
            Part::Images(count) => {
                let [_, height, width] = entry.shape;
                self.pixels = array(bytes, &[count, height, width])?;
            }
            Part::Labels(count) => {
                self.labels = array(bytes, &[count])?;
                records::check_labels(self.labels.iter().copied(), entry.classes)?;
            }
            Part::Records => {
                let Self { pixels, labels } = self;
                records::parse(&bytes, entry.shape, entry.classes, pixels, labels)?;
            }
            Part::Matrices(count) => {
                (self.pixels, self.labels) = mat::parse(&bytes, entry.shape, entry.classes, count)?;
            }
        }
        Ok(())
    }

    /// Adds the content of the file at `path`, packed or not.
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

/// Reads and unpacks a file; length and checksum must be the original's.
fn unpacked(entry: &Entry, item: Item<'_>, path: &Path) -> Result<Vec<u8>, DataError> {
    let file = item.file;
    let wrong = |problem| wrong(entry, path, problem);
    let handle = File::open(path).map_err(DataError::io("open", path))?;
    // Gzip lengthens incompressible content, by far less than this.
    let packed_limit = file.bytes + file.bytes / 64 + 65_536;
    let stored = read_up_to(handle, packed_limit).map_err(|problem| match problem {
        ReadError::Io { cause } => DataError::io("read", path)(cause),
        problem => wrong(IdxError::from(problem).into()),
    })?;
    let bytes = unpack(stored, file.bytes).map_err(|problem| wrong(problem.into()))?;
    verified(entry, item, path, bytes)
}

/// Returns the IDX file that an array of an .npz, as Keras caches it, is equal to.
fn member(entry: &Entry, item: Item<'_>, path: &Path) -> Result<Vec<u8>, DataError> {
    let letter = if matches!(item.part, Part::Labels(_)) { 'y' } else { 'x' };
    let name = format!("{letter}_{}", item.split);
    let problem = match NpzReader::open_file(path)?.array(&name, item.file.bytes)? {
        Some(array) if array.element() == ElementType::U8 => {
            let bytes = idx::to_bytes(array.shape(), array.data());
            return verified(entry, item, path, bytes);
        }
        Some(array) => ArrayProblem::Element { found: array.element(), expected: "|u1" },
        None => ArrayProblem::Absent,
    };
    Err(DataError::Array { path: path.to_path_buf(), array: name, problem })
}

/// Returns the bytes if their length and their checksum are the original's.
fn verified(
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

/// Reads and unpacks a file and checks its form too.
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
