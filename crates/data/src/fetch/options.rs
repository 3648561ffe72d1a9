//! The timeouts and attempts of downloads, and reports of their progress.

use std::path::Path;
use std::time::Duration;

/// The source of a download, and its timeouts and attempts.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// The longest wait for a connection (10 s).
    pub connect_timeout: Duration,
    /// The longest silence of a connected server (30 s).
    pub stall_timeout: Duration,
    /// The number of attempts per mirror and file (3); 0 counts as 1. Only failures that may be
    /// temporary are retried.
    pub attempts: u32,
    /// The addresses of folders that hold the archives, instead of the catalogue's mirrors.
    pub mirrors: Option<Vec<String>>,
    /// Forbids the use of the network: only the existing files are checked (false).
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

/// The progress of a download.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The file exists already, and its content is right.
    Present {
        /// The file's unpacked name.
        file: &'a str,
        /// The path of the file.
        path: &'a Path,
    },
    /// The process waits for another one that downloads the set.
    Waiting {
        /// The file that it has locked.
        lock: &'a Path,
    },
    /// An attempt begins.
    Started {
        /// The name of the download.
        archive: &'a str,
        /// The address of the download.
        url: &'a str,
        /// The attempt, counted from 1 at each mirror.
        attempt: u32,
    },
    /// The download has advanced.
    Advanced {
        /// The name of the download.
        archive: &'a str,
        /// The number of bytes on disk.
        received: u64,
        /// The number of bytes of the whole download.
        expected: u64,
    },
    /// The file has arrived, and its content is right.
    Finished {
        /// The file's unpacked name.
        file: &'a str,
        /// The path of the file.
        path: &'a Path,
    },
}
