//! Names become paths and sizes become limits, so both are checked before either is used.

use std::fmt;

use super::entry::{
    Archive, Entry, FileEntry, Format, IdxSplit, PictureSet, Published, RecordsSplit,
};
use crate::error::DataError;
use crate::formats::idx::{IMAGES_HEADER, LABELS_HEADER, MAX_BYTES};

const PLAIN: &str = "letters, digits, `-`, `_` and inner dots only";
const LAYOUT: &str = "plain names joined by `/`, behind nothing, `/` or `~/`";
const COLOURS: &str = "[1, height, width] or [3, height, width]";

/// Checks an entry.
pub(super) fn check(entry: &Entry) -> Result<(), DataError> {
    Check(entry).run()
}

struct Check<'a>(&'a Entry);

impl Check<'_> {
    fn run(&self) -> Result<(), DataError> {
        let Entry { name, shape, classes, layouts, format, .. } = self.0;
        if !is_plain_name(name) {
            return self.fault("the name", &format!("{name:?}"), &PLAIN);
        }
        if self.0.splits().is_empty() {
            return self.fault("splits", &"empty", &"at least one");
        }
        if *classes == 0 || *classes > 256 {
            return self.fault("classes", classes, &"1 to 256");
        }
        let [channels, height, width] = *shape;
        let (fits, expected) = match format {
            Format::Records(_) => (channels == 3, "[3, height, width]"),
            Format::Folder(_) | Format::Pairs(_) | Format::Mat(_) => {
                (matches!(channels, 1 | 3), COLOURS)
            }
            Format::Embedded(_) | Format::Idx(_) => (channels == 1, "[1, height, width]"),
        };
        if !fits || height == 0 || width == 0 {
            return self.fault("shape", &format!("{shape:?}"), &expected);
        }
        layouts.iter().try_for_each(|layout| self.layout("layouts", layout))?;
        self.0.files().try_for_each(|file| self.file(file))?;
        match format {
            Format::Embedded(_) | Format::Mat(_) => Ok(()),
            Format::Idx(set) => {
                set.npz.iter().try_for_each(|npz| self.layout("npz", npz))?;
                set.splits.values().try_for_each(|split| self.idx(split))
            }
            Format::Records(set) => {
                for name in [&set.tarball.name, &set.tarball.folder] {
                    self.plain("the tarball's name", name)?;
                }
                self.archive(&set.tarball.archive)?;
                set.splits.values().try_for_each(|split| self.records(split))
            }
            Format::Folder(set) | Format::Pairs(set) => self.pictures(set),
        }
    }

    fn idx(&self, split: &IdxSplit) -> Result<(), DataError> {
        let count = split.count as u128;
        let images = count.saturating_mul(self.pixels()).saturating_add(IMAGES_HEADER);
        self.bytes(split.images.bytes.into(), images)?;
        self.bytes(split.labels.bytes.into(), count.saturating_add(LABELS_HEADER))
    }

    fn records(&self, split: &RecordsSplit) -> Result<(), DataError> {
        let record = self.pixels().saturating_add(1);
        if let Some(file) = split.files.iter().find(|file| u128::from(file.bytes) % record != 0) {
            let expected = format!("a multiple of {record}, as shape requires");
            return self.fault("bytes", &file.bytes, &expected);
        }
        let found = split.files.iter().map(|file| u128::from(file.bytes)).sum();
        self.bytes(found, (split.count as u128).saturating_mul(record))
    }

    fn pictures(&self, set: &PictureSet) -> Result<(), DataError> {
        let folders = set.splits.values().filter_map(|split| split.folder.as_ref());
        folders.into_iter().try_for_each(|folder| self.plain("folder", folder))
    }

    fn file(&self, file: &FileEntry) -> Result<(), DataError> {
        self.plain("a file's name", &file.name)?;
        if let Published::Gzip(archive) = &file.published {
            self.archive(archive)?;
        }
        if let Some(checksum) = &file.sha256 {
            self.checksum(checksum)?;
        }
        self.limit(file.bytes)
    }

    fn archive(&self, archive: &Archive) -> Result<(), DataError> {
        self.checksum(&archive.sha256)?;
        self.limit(archive.bytes)
    }

    fn checksum(&self, checksum: &str) -> Result<(), DataError> {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if checksum.len() == 64 && checksum.bytes().all(is_digit) {
            return Ok(());
        }
        self.fault("a sha256", &checksum, &"64 lower-case hexadecimal digits")
    }

    fn limit(&self, bytes: u64) -> Result<(), DataError> {
        if bytes <= MAX_BYTES {
            return Ok(());
        }
        self.fault("bytes", &bytes, &format_args!("at most {MAX_BYTES}"))
    }

    fn bytes(&self, found: u128, expected: u128) -> Result<(), DataError> {
        if found == expected {
            return Ok(());
        }
        self.fault("bytes", &found, &format_args!("{expected}, as count requires"))
    }

    fn plain(&self, field: &'static str, name: &str) -> Result<(), DataError> {
        if is_plain_name(name) {
            return Ok(());
        }
        self.fault(field, &format!("{name:?}"), &PLAIN)
    }

    fn layout(&self, field: &'static str, layout: &str) -> Result<(), DataError> {
        if is_layout(layout) {
            return Ok(());
        }
        self.fault(field, &format!("{layout:?}"), &LAYOUT)
    }

    /// The pixels of one image.
    fn pixels(&self) -> u128 {
        self.0.shape.iter().fold(1, |pixels: u128, &dim| pixels.saturating_mul(dim as u128))
    }

    fn fault(
        &self,
        field: &'static str,
        found: &dyn fmt::Display,
        expected: &dyn fmt::Display,
    ) -> Result<(), DataError> {
        let (found, expected) = (found.to_string(), expected.to_string());
        Err(DataError::CatalogEntry { name: self.0.name.clone(), field, found, expected })
    }
}

/// Returns whether a path consists of plain names, below the data root, the user's home (where
/// names may begin with a dot) or the system's root.
fn is_layout(path: &str) -> bool {
    match path.strip_prefix("~/") {
        Some(rest) => {
            rest.split('/').all(|name| is_plain_name(name.strip_prefix('.').unwrap_or(name)))
        }
        None => path.strip_prefix('/').unwrap_or(path).split('/').all(is_plain_name),
    }
}

/// Returns whether a name stays within its folder on every system.
fn is_plain_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(allowed) && !name.starts_with('.') && !name.ends_with('.')
}
