//! One process at a time trains in a run's folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::unsuitable;
use crate::{Result, RunError};

/// A lock of a folder until it is dropped or the process ends, however that happens.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Locks a folder by the file `run.lock` in it.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`] if another process trains in the folder.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let path = folder.join("run.lock");
        let file = File::create(&path).map_err(RunError::writing(&path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => unsuitable!(
                "another process trains in {}; wait for its end, or name another folder (--run-dir)",
                folder.display()
            ),
            // There are file systems without locks.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self(file)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_once_at_a_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lock = Lock::of(folder.path()).expect("free");
        let message = Lock::of(folder.path()).expect_err("taken").to_string();
        assert!(message.contains("another process trains"), "{message}");
        drop(lock);
        Lock::of(folder.path()).expect("free again");
    }
}
