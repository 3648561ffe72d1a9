//! Loading a named data set: found under the data root, unpacked, checked, joined.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, Entry, FileEntry, Kind, Split};
use crate::embedded;
use crate::error::{DataError, FileProblem};
use crate::idx::{IdxArray, IdxError, read_up_to, unpack};
use crate::images::ImageSet;
use crate::root::DataRoot;
use crate::sum::sha256;

/// What `verify` found out about a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileStatus {
    /// There, and the original's content.
    Good {
        /// Where it is.
        path: PathBuf,
    },
    /// Not there, neither unpacked nor as .gz.
    Missing,
    /// There, but not the original's content or not readable.
    Wrong {
        /// What is wrong, with its path.
        error: DataError,
    },
}

/// Loads one split of a data set. Files may be packed or not; their content must be the original's.
///
/// # Errors
/// - [`DataError::UnknownDataset`], [`DataError::NoSplit`]: nothing of that name.
/// - [`DataError::MissingRoot`], [`DataError::MissingFile`]: not fetched yet.
/// - [`DataError::WrongFile`]: a file of another length or SHA-256, or a broken .gz.
/// - [`DataError::Io`]: a file that cannot be read.
pub fn load(
    name: &str,
    split: Split,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<ImageSet, DataError> {
    let entry = catalog.get(name)?;
    let part = entry.split(split)?;
    let set = match (entry.kind, &part.files) {
        (Kind::Embedded, _) if name == embedded::DIGITS => embedded::digits()?,
        (Kind::Idx, Some(files)) => {
            root.check(name)?;
            let images = read_idx(entry, &files.images, 3, root)?;
            let labels = read_idx(entry, &files.labels, 1, root)?;
            ImageSet::from_idx(name, images, labels)?
        }
        _ => return Err(contradiction(name, "the embedded set", name, embedded::DIGITS)),
    };
    // The checksums vouch for the files; this vouches for the catalogue.
    if set.shape() != entry.shape {
        let (found, expected) = (format!("{:?}", set.shape()), format!("{:?}", entry.shape));
        return Err(contradiction(name, "the images' shape", found, expected));
    }
    if set.len() != part.count {
        return Err(contradiction(name, "the number of images", set.len(), part.count));
    }
    if let Some(label) = set.labels().iter().find(|&&label| u16::from(label) >= entry.classes) {
        return Err(contradiction(name, "a label", label, format!("below {}", entry.classes)));
    }
    Ok(set)
}

/// Checks every file of a data set, in the order of [`Entry::files`]; empty for an embedded one.
///
/// # Errors
/// [`DataError::UnknownDataset`]; what is wrong with a file is in its [`FileStatus`].
pub fn verify(
    name: &str,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<Vec<(String, FileStatus)>, DataError> {
    let entry = catalog.get(name)?;
    Ok(entry.files().map(|file| (file.name.clone(), status(entry, file, root))).collect())
}

pub(crate) fn status(entry: &Entry, file: &FileEntry, root: &DataRoot) -> FileStatus {
    match locate(&root.directory(&entry.name), &file.name) {
        Ok(None) => FileStatus::Missing,
        Err(error) => FileStatus::Wrong { error },
        Ok(Some(path)) => match read_checked(entry, file, &path) {
            Ok(_) => FileStatus::Good { path },
            Err(error) => FileStatus::Wrong { error },
        },
    }
}

/// The file as it is there: unpacked if possible, else packed.
fn locate(directory: &Path, file: &str) -> Result<Option<PathBuf>, DataError> {
    for path in [directory.join(file), directory.join(format!("{file}.gz"))] {
        if path.try_exists().map_err(DataError::io("look for", &path))? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn read_idx(
    entry: &Entry,
    file: &FileEntry,
    rank: u8,
    root: &DataRoot,
) -> Result<IdxArray, DataError> {
    let directory = root.directory(&entry.name);
    let Some(path) = locate(&directory, &file.name)? else {
        let (file, dataset) = (file.name.clone(), entry.name.clone());
        return Err(DataError::MissingFile { file, directory, dataset });
    };
    let bytes = read_checked(entry, file, &path)?;
    IdxArray::parse(&bytes, rank).map_err(|problem| DataError::Idx { path, problem })
}

/// The unpacked content, if it is the original's.
fn read_checked(entry: &Entry, file: &FileEntry, path: &Path) -> Result<Vec<u8>, DataError> {
    let wrong = |problem| DataError::WrongFile {
        path: path.to_path_buf(),
        problem,
        dataset: entry.name.clone(),
    };
    let handle = File::open(path).map_err(DataError::io("open", path))?;
    // Gzip lengthens what it cannot compress, by far less than this.
    let packed_limit = file.bytes + file.bytes / 64 + 65_536;
    let stored = read_up_to(handle, packed_limit).map_err(|problem| match problem {
        IdxError::Io { cause } => DataError::io("read", path)(cause),
        problem => wrong(problem.into()),
    })?;
    let bytes = unpack(&stored, file.bytes).map_err(|problem| wrong(problem.into()))?.into_owned();
    let found = bytes.len() as u64;
    if found != file.bytes {
        return Err(wrong(FileProblem::Length { found, expected: file.bytes }));
    }
    let found = sha256(&bytes);
    if found != file.sha256 {
        return Err(wrong(FileProblem::Checksum { found, expected: file.sha256.clone() }));
    }
    Ok(bytes)
}

fn contradiction(
    name: &str,
    what: &'static str,
    found: impl ToString,
    expected: impl ToString,
) -> DataError {
    let (found, expected) = (found.to_string(), expected.to_string());
    DataError::Contradiction { name: name.to_owned(), what, found, expected }
}
