//! Fetching a data set: what is missing is downloaded, checked before it gets its name.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::catalog::{Entry, Item};
use crate::download::Download;
use crate::error::DataError;
use crate::load::{FileStatus, status};
use crate::lock::Lock;
use crate::pictures;
use crate::place;
use crate::root::DataRoot;
use crate::tarball;

/// How patiently to download, and from where.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// Longest wait for a connection (10 s).
    pub connect_timeout: Duration,
    /// Longest silence of a connected server (30 s).
    pub stall_timeout: Duration,
    /// Attempts per mirror and file (3); 0 counts as 1. Only failures that may pass are tried again.
    pub attempts: u32,
    /// Instead of the catalogue's mirrors: addresses of folders that hold the archives.
    pub mirrors: Option<Vec<String>>,
    /// Only to check what is here, never to touch the network (false).
    pub offline: bool,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            attempts: 3,
            mirrors: None,
            offline: false,
        }
    }
}

/// What a download has come to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The file is there already, and right.
    Present {
        /// The file's unpacked name.
        file: &'a str,
        /// Where it is.
        path: &'a Path,
    },
    /// Another process is fetching the set.
    Waiting {
        /// The file that it has locked.
        lock: &'a Path,
    },
    /// An attempt begins.
    Started {
        /// The name of what is downloaded.
        archive: &'a str,
        /// From where.
        url: &'a str,
        /// Counted from 1 at each mirror.
        attempt: u32,
    },
    /// More of it is on disk.
    Advanced {
        /// The name of what is downloaded.
        archive: &'a str,
        /// Bytes on disk.
        received: u64,
        /// Bytes in the whole.
        expected: u64,
    },
    /// The file has come, and is right.
    Finished {
        /// The file's unpacked name.
        file: &'a str,
        /// Where it is.
        path: &'a Path,
    },
}

/// Downloads what is missing of a data set into its folder below `root`: as .gz, or unpacked from the one
/// .tar.gz of the set.
///
/// An archive is written as `ARCHIVE.part` and used once its SHA-256 is right. A cut download is resumed,
/// by a later attempt or a later call. A .tar.gz that lies in the set's folder already, put there by hand,
/// is unpacked and kept. A wrong .gz is replaced; a wrong unpacked file is an error, since it may be the
/// user's own and [`load`](crate::load) would prefer it. One process fetches a set at a time, and the
/// next finds what it has brought.
///
/// # Errors
/// - [`DataError::Download`]: no mirror delivered; it names each one's failure and the way by hand.
/// - [`DataError::ByHand`]: pictures that no program may download; it says where to get them.
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
    if entry.kind.is_pictures() {
        return pictures::fetch(entry, root, progress);
    }
    let directory = root.directory(&entry.name);
    let mut survey = Survey::of(entry, root)?;
    let by_hand = match &entry.tarball {
        Some(tarball) => Some(directory.join(&tarball.name)).filter(|path| path.is_file()),
        None => None,
    };
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
    match &entry.tarball {
        None => {
            for item in survey.missing {
                let Some((name, archive)) = item.file.published() else { continue };
                let path = directory.join(&name);
                let part = download.run(&name, &archive)?;
                place::rename(&part, &path)?;
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

/// Which files are there, and where; which are not, or may be replaced.
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

/// A .gz of ours may be replaced, and one in another's folder need not be: ours is looked at first. An
/// unpacked file of ours, or one that cannot be read, may not.
fn is_replaceable(error: &DataError, entry: &Entry, root: &DataRoot) -> bool {
    matches!(error, DataError::WrongFile { path, .. }
        if path.extension().is_some_and(|extension| extension == "gz")
            || path.parent() != Some(&root.directory(&entry.name)))
}
