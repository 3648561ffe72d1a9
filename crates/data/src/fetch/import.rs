//! Importing files that a user has into the folder that [`load`](crate::load) searches first.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use ebm_files::write_file;

use super::lock::Lock;
use super::tarball;
use crate::catalog::{Entry, Format, Item, Tarball};
use crate::error::DataError;
use crate::store::{DataRoot, content, pictures};

/// Copies files of a data set, recognised by their names, into its folder below `root`: unpacked,
/// checked as [`load`](crate::load) checks them, each whole or not at all. Returns where the files
/// are.
///
/// A file may be packed (.gz) or not; a set published as one .tar.gz may be imported so. Files of
/// the same names in the set's folder are replaced, but only after every single file was found
/// right; the .tar.gz is unpacked last.
///
/// # Errors
/// - [`DataError::ForeignFile`]: no file of the set has that name.
/// - [`DataError::WrongFile`], [`DataError::WrongTarball`]: the content is not the original's.
/// - [`DataError::ByHand`]: the set consists of pictures, which are copied by hand.
/// - [`DataError::Io`]: a file cannot be read or written.
pub fn import(
    entry: &Entry,
    root: &DataRoot,
    files: &[PathBuf],
) -> Result<Vec<PathBuf>, DataError> {
    if let Format::Folder(_) | Format::Pairs(_) = entry.format {
        return Err(pictures::by_hand(entry, root));
    }
    let (mut singles, mut tarballs) = (Vec::new(), Vec::new());
    for path in files {
        match find(entry, path)? {
            Found::Item(item) => singles.push((item, content::checked(entry, item, path)?)),
            Found::Tarball(tarball) => {
                tarball::check(path, entry, tarball)?;
                tarballs.push((tarball, path));
            }
        }
    }
    let _lock = Lock::acquire(root, &entry.name, |_| {})?;
    let directory = root.directory(&entry.name);
    fs::create_dir_all(&directory).map_err(DataError::io("create", &directory))?;
    let mut imported = Vec::new();
    for (item, bytes) in singles {
        let path = directory.join(&item.file.name);
        write_file(&path, &bytes)?;
        imported.push(path);
    }
    for (tarball, path) in tarballs {
        let items = entry.items();
        tarball::unpack(path, entry, tarball, &items, &directory)?;
        imported.extend(items.iter().map(|item| directory.join(&item.file.name)));
    }
    Ok(imported)
}

enum Found<'a> {
    Item(Item<'a>),
    Tarball(&'a Tarball),
}

fn find<'a>(entry: &'a Entry, path: &Path) -> Result<Found<'a>, DataError> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if let Some(tarball) = entry.tarball().filter(|tarball| tarball.name == name) {
        return Ok(Found::Tarball(tarball));
    }
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let item = entry.items().into_iter().find(|item| item.file.name == plain);
    item.map(Found::Item).ok_or_else(|| {
        let tarball = entry.tarball().map(|tarball| tarball.name.clone());
        DataError::ForeignFile {
            path: path.to_path_buf(),
            dataset: entry.name.clone(),
            known: tarball.into_iter().chain(entry.files().map(|file| file.name.clone())).collect(),
        }
    })
}
