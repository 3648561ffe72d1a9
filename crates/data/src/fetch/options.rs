//! The patience of downloads, and their reports.

use std::path::Path;
use std::time::Duration;

/// The source of a download, and its timeouts and attempts.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// The longest wait for a connection (10 s).
    pub connect_timeout: Duration,
    /// The longest silence of a connected server (30 s).
    pub stall_timeout: Duration,
    /// The attempts per mirror and file (3); 0 counts as 1. Only failures that may pass are tried
    /// again.
    pub attempts: u32,
    /// The addresses of folders that hold the archives, instead of the catalogue's mirrors.
    pub mirrors: Option<Vec<String>>,
    /// Whether only to check the files that are there, without the network (false).
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
        /// The name of the download.
        archive: &'a str,
        /// Its address.
        url: &'a str,
        /// The attempt, counted from 1 at each mirror.
        attempt: u32,
    },
    /// More of the download is on disk.
    Advanced {
        /// The name of the download.
        archive: &'a str,
        /// The bytes on disk.
        received: u64,
        /// The bytes of the whole.
        expected: u64,
    },
    /// The file has arrived, and is right.
    Finished {
        /// The file's unpacked name.
        file: &'a str,
        /// Where it is.
        path: &'a Path,
    },
}
