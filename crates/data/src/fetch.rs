//! Fetching a data set: missing files are downloaded, and checked before they receive their names.

use std::fs;
use std::path::{Path, PathBuf};

use ebm_files::rename;

use crate::catalog::{Entry, Format, Item};
use crate::error::DataError;
use crate::store::status::{FileStatus, status};
use crate::store::{DataRoot, pictures};

mod download;
mod import;
mod lock;
mod options;
mod tarball;
mod transfer;

pub use import::import;
pub use options::{FetchOptions, Progress};

use download::Download;
use lock::Lock;

/// Downloads the missing files of a data set into its folder below `root`: as .gz, as they are, or
/// unpacked from the one .tar.gz of the set.
///
/// An archive is written as `ARCHIVE.part` and used once its SHA-256 is right. A cut download is
/// resumed, by a later attempt or a later call. A .tar.gz that lies in the set's folder already,
/// put there by hand, is unpacked and kept. A wrong .gz is replaced; a wrong unpacked file is an
/// error, since it may be the user's own and [`load`](crate::load) would prefer it. One process
/// fetches a set at a time, and the next one finds its files.
///
/// # Errors
/// - [`DataError::Download`]: no mirror delivered; the error names the failure of each.
/// - [`DataError::ByHand`]: no program may download these pictures; the error says where they are
///   available.
/// - [`DataError::Offline`]: files are missing and [`FetchOptions::offline`] is set.
/// - [`DataError::WrongFile`]: a wrong unpacked file is in the way.
/// - [`DataError::WrongTarball`]: a .tar.gz put there by hand is not the original.
/// - [`DataError::Io`]: a folder or file cannot be written.
pub fn fetch(
    entry: &Entry,
    root: &DataRoot,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), DataError> {
    if let Format::Folder(_) | Format::Pairs(_) = entry.format {
        return find_pictures(entry, root, progress);
    }
    let directory = root.directory(&entry.name);
    let mut survey = Survey::of(entry, root)?;
    let by_hand = entry.tarball().map(|tarball| directory.join(&tarball.name));
    let by_hand = by_hand.filter(|path| path.is_file());
    let mut lock = None;
    if !survey.missing.is_empty() {
        if options.offline && by_hand.is_none() {
            let files = survey.missing.iter().map(|item| item.file.name.clone()).collect();
            return Err(DataError::Offline { dataset: entry.name.clone(), files, directory });
        }
        let waiting = |lock: &Path| progress(Progress::Waiting { lock });
        lock = Some(Lock::acquire(root, &entry.name, waiting)?);
        survey = Survey::of(entry, root)?;
    }
    for (item, path) in &survey.present {
        progress(Progress::Present { file: &item.file.name, path });
    }
    if survey.missing.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(&directory).map_err(DataError::io("create", &directory))?;
    let mut download = Download::new(entry, &directory, options, progress);
    match entry.tarball() {
        None => {
            for item in survey.missing {
                let Some((name, archive)) = item.file.download() else { continue };
                let path = directory.join(&name);
                let part = download.run(&name, &archive)?;
                rename(&part, &path)?;
                (download.progress)(Progress::Finished { file: &item.file.name, path: &path });
            }
        }
        Some(tarball) => {
            let unpack =
                |path: &Path| tarball::unpack(path, entry, tarball, &survey.missing, &directory);
            if let Some(path) = &by_hand {
                tarball::check(path, entry, tarball)?;
                unpack(path)?;
            } else {
                let part = download.run(&tarball.name, &tarball.archive)?;
                unpack(&part)?;
                fs::remove_file(&part).map_err(DataError::io("remove", &part))?;
            }
            for item in &survey.missing {
                let path = directory.join(&item.file.name);
                (download.progress)(Progress::Finished { file: &item.file.name, path: &path });
            }
        }
    }
    drop(lock);
    Ok(())
}

/// Reports the folders of pictures, which no program may download.
fn find_pictures(
    entry: &Entry,
    root: &DataRoot,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), DataError> {
    for split in entry.splits() {
        let path = pictures::locate(entry, split, root)?;
        progress(Progress::Present { file: &split.to_string(), path: &path });
    }
    Ok(())
}

/// The files that are there, with their paths, and those that are missing or may be replaced.
struct Survey<'a> {
    present: Vec<(Item<'a>, PathBuf)>,
    missing: Vec<Item<'a>>,
}

impl<'a> Survey<'a> {
    fn of(entry: &'a Entry, root: &DataRoot) -> Result<Self, DataError> {
        let (mut present, mut missing) = (Vec::new(), Vec::new());
        for item in entry.items() {
            match status(entry, item, root) {
                FileStatus::Good { path } => present.push((item, path)),
                FileStatus::Wrong { error } if !is_replaceable(&error, entry, root) => {
                    return Err(error);
                }
                FileStatus::Missing | FileStatus::Wrong { .. } => missing.push(item),
            }
        }
        Ok(Self { present, missing })
    }
}

/// Returns whether a wrong file may be replaced. A .gz in the set's own folder may; one in another
/// program's folder need not, since the own folder is searched first. An unpacked file of the own
/// folder, or one that cannot be read, may not.
fn is_replaceable(error: &DataError, entry: &Entry, root: &DataRoot) -> bool {
    matches!(error, DataError::WrongFile { path, .. }
        if path.extension().is_some_and(|extension| extension == "gz")
            || path.parent() != Some(&root.directory(&entry.name)))
}
