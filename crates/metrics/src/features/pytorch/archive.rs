//! The members of the ZIP archives that PyTorch writes; tensors are stored uncompressed.

use std::io::Cursor;
use std::ops::Range;

use ebm_files::ZipReader;

/// Returns whether a file starts like a ZIP archive.
pub(super) fn recognises(file: &[u8]) -> bool {
    file.starts_with(b"PK\x03\x04")
}

/// Returns the names of an archive's members and the byte ranges of their contents.
pub(super) fn members(file: &[u8]) -> Result<Vec<(String, Range<usize>)>, String> {
    let mut archive = ZipReader::open(Cursor::new(file)).map_err(|error| error.to_string())?;
    let entries = archive.entries().to_vec();
    let mut members = Vec::with_capacity(entries.len());
    for entry in entries {
        let range = archive.stored_range(&entry).map_err(|error| error.to_string())?;
        // The range lies within the file, whose length is a `usize`.
        members.push((entry.name, range.start as usize..range.end as usize));
    }
    Ok(members)
}
