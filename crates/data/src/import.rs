//! Files that a user has, put where [`load`](crate::load) looks first.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::{Entry, Item, Tarball};
use crate::content;
use crate::error::DataError;
use crate::lock::Lock;
use crate::pictures;
use crate::place;
use crate::root::DataRoot;
use crate::tarball;

/// Copies files of a data set, known by their names, into its folder below `root`: unpacked, checked as
/// [`load`](crate::load) checks them, each whole or not at all. Returns where the files are.
///
/// A file may be packed (.gz) or not; a set that comes as one .tar.gz may come so. What has a name of the
/// set's in its folder is replaced, and nothing is before every single file was found right; the .tar.gz
/// is unpacked last.
///
/// # Errors
/// - [`DataError::ForeignFile`]: a name that no file of the set has.
/// - [`DataError::WrongFile`], [`DataError::WrongTarball`]: not the original's content.
/// - [`DataError::ByHand`]: a set of pictures, which are put in their place by hand.
/// - [`DataError::Io`]: a file cannot be read or written.
pub fn import(
    entry: &Entry,
    root: &DataRoot,
    files: &[PathBuf],
) -> Result<Vec<PathBuf>, DataError> {
    if entry.kind.is_pictures() {
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
    let mut places = Vec::new();
    for (item, bytes) in singles {
        let place = directory.join(&item.file.name);
        place::write(&place, &bytes)?;
        places.push(place);
    }
    for (tarball, path) in tarballs {
        let items: Vec<Item<'_>> = entry.items().collect();
        tarball::unpack(path, entry, tarball, &items, &directory)?;
        places.extend(items.iter().map(|item| directory.join(&item.file.name)));
    }
    Ok(places)
}

enum Found<'a> {
    Item(Item<'a>),
    Tarball(&'a Tarball),
}

fn find<'a>(entry: &'a Entry, path: &Path) -> Result<Found<'a>, DataError> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if let Some(tarball) = entry.tarball.as_ref().filter(|tarball| tarball.name == name) {
        return Ok(Found::Tarball(tarball));
    }
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let item = entry.items().find(|item| item.file.name == plain);
    item.map(Found::Item).ok_or_else(|| {
        let tarball = entry.tarball.iter().map(|tarball| tarball.name.clone());
        DataError::ForeignFile {
            path: path.to_path_buf(),
            dataset: entry.name.clone(),
            known: tarball.chain(entry.files().map(|file| file.name.clone())).collect(),
        }
    })
}
