//! A lock, so that one process at a time writes the files of a set.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use crate::error::DataError;
use crate::store::DataRoot;

/// A lock that is held until dropped; the system releases it when a process dies. The file
/// `ROOT/NAME.lock` stays: if it were removed, two processes could hold locks of two files of one
/// name.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Creates the root and waits while another process holds the lock, which it reports to
    /// `waiting` first.
    pub(crate) fn acquire(
        root: &DataRoot,
        dataset: &str,
        waiting: impl FnOnce(&Path),
    ) -> Result<Self, DataError> {
        fs::create_dir_all(root.path()).map_err(DataError::io("create", root.path()))?;
        let path = root.path().join(format!("{dataset}.lock"));
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(DataError::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting(&path);
                file.lock().map_err(DataError::io("lock", &path))?;
            }
            // Some network file systems have no locks: fetching without one is better than not at
            // all.
            Err(TryLockError::Error(cause)) if cause.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(cause)) => return Err(DataError::io("lock", &path)(cause)),
        }
        Ok(Self { _file: file })
    }
}
