//! Downloading a data set: every file from the first mirror that has it, checked before it gets its
//! name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ureq::Agent;

use crate::catalog::{Entry, FileEntry};
use crate::error::{DataError, MirrorFailure};
use crate::load::{FileStatus, status};
use crate::root::DataRoot;
use crate::transfer::{Failure, Transfer};

/// Between two attempts at one mirror, so that a restarting server is not hammered.
const RETRY_PAUSE: Duration = Duration::from_millis(300);

/// How patiently to download, and from where.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// Longest wait for a connection (10 s).
    pub connect_timeout: Duration,
    /// Longest silence of a connected server (30 s).
    pub stall_timeout: Duration,
    /// Attempts per mirror and file (3); 0 counts as 1. Only failures that may pass are tried again.
    pub attempts: u32,
    /// Instead of the catalogue's mirrors: addresses of folders that hold the .gz files.
    pub mirrors: Option<Vec<String>>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            attempts: 3,
            mirrors: None,
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
    /// An attempt begins.
    Started {
        /// The file's unpacked name.
        file: &'a str,
        /// From where.
        url: &'a str,
        /// Counted from 1 at each mirror.
        attempt: u32,
    },
    /// More of the file is on disk.
    Advanced {
        /// The file's unpacked name.
        file: &'a str,
        /// Bytes on disk.
        received: u64,
        /// Bytes in the whole .gz.
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

/// Downloads what is missing of a data set into its folder below `root`, as .gz.
///
/// A file is written as `FILE.gz.part` and renamed once its SHA-256 is right. A cut download is resumed,
/// by a later attempt or a later call. A wrong .gz is replaced; a wrong unpacked file is an error, since
/// it may be the user's own and [`load`](crate::load) would prefer it.
///
/// # Errors
/// - [`DataError::Download`]: no mirror delivered; it names each one's failure and the way by hand.
/// - [`DataError::WrongFile`]: a wrong unpacked file is in the way.
/// - [`DataError::Io`]: a folder or file cannot be written.
pub fn fetch(
    entry: &Entry,
    root: &DataRoot,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), DataError> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(options.connect_timeout))
        .timeout_connect(Some(options.connect_timeout))
        .timeout_recv_response(Some(options.stall_timeout))
        .timeout_per_read(Some(options.stall_timeout))
        .timeout_per_write(Some(options.stall_timeout))
        .build()
        .new_agent();
    let directory = root.directory(&entry.name);
    for file in entry.files() {
        match status(entry, file, root) {
            FileStatus::Good { path } => {
                progress(Progress::Present { file: &file.name, path: &path });
                continue;
            }
            FileStatus::Wrong { error } if !is_replaceable(&error) => return Err(error),
            FileStatus::Missing | FileStatus::Wrong { .. } => {}
        }
        fs::create_dir_all(&directory).map_err(DataError::io("create", &directory))?;
        let path = download(&agent, entry, file, &directory, options, progress)?;
        progress(Progress::Finished { file: &file.name, path: &path });
    }
    Ok(())
}

fn download(
    agent: &Agent,
    entry: &Entry,
    file: &FileEntry,
    directory: &Path,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<PathBuf, DataError> {
    let path = directory.join(format!("{}.gz", file.name));
    let part = directory.join(format!("{}.gz.part", file.name));
    let mut failures = Vec::new();
    for mirror in options.mirrors.as_ref().unwrap_or(&entry.mirrors) {
        let url = format!("{}/{}.gz", mirror.trim_end_matches('/'), file.name);
        let transfer = Transfer {
            agent,
            url: &url,
            part: &part,
            archive: &file.archive,
            stall_timeout: options.stall_timeout,
        };
        for attempt in 1..=options.attempts.max(1) {
            if attempt > 1 {
                thread::sleep(RETRY_PAUSE);
            }
            progress(Progress::Started { file: &file.name, url: &url, attempt });
            let expected = file.archive.bytes;
            match transfer.attempt(&mut |received| {
                progress(Progress::Advanced { file: &file.name, received, expected });
            }) {
                Ok(()) => {
                    fs::rename(&part, &path).map_err(DataError::io("rename to", &path))?;
                    sync_directory(directory);
                    return Ok(path);
                }
                Err(Failure::Local(error)) => return Err(error),
                Err(Failure::Remote { problem, again }) => {
                    failures.push(MirrorFailure { url: url.clone(), problem });
                    if !again {
                        break;
                    }
                }
            }
        }
    }
    let directory = directory.to_path_buf();
    Err(DataError::Download { file: file.name.clone(), directory, failures })
}

/// A .gz of ours may be replaced; an unpacked file, or one that cannot be read, may not.
fn is_replaceable(error: &DataError) -> bool {
    matches!(error, DataError::WrongFile { path, .. } if path.extension().is_some_and(|e| e == "gz"))
}

/// Makes the rename outlast a power cut where the system can; where it cannot, the file is merely fetched
/// again.
fn sync_directory(directory: &Path) {
    if let Ok(handle) = File::open(directory) {
        let _ = handle.sync_all();
    }
}
