//! Putting a file where it belongs: whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::DataError;

/// Writes beside and renames.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let written = File::create(beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed =
        written.map_err(DataError::io("write", beside)).and_then(|()| rename(beside, path));
    if placed.is_err() {
        let _ = fs::remove_file(beside);
    }
    placed
}

/// Gives a file its name, in place of another.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), DataError> {
    fs::rename(from, to).map_err(DataError::io("rename to", to))?;
    // Makes the rename outlast a power cut where the system can; where it cannot, the file is merely
    // fetched again.
    if let Some(handle) = to.parent().and_then(|directory| File::open(directory).ok()) {
        let _ = handle.sync_all();
    }
    Ok(())
}
