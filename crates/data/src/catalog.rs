//! The catalogue of data sets: `datasets.toml`, parsed and checked.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::error::DataError;
use crate::idx::{IMAGES_HEADER, LABELS_HEADER, MAX_BYTES};

/// The data sets that can be named.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    entries: BTreeMap<String, Entry>,
}

/// One data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// The name, also of its folder under the data root.
    #[serde(skip)]
    pub name: String,
    /// One line for lists.
    pub description: String,
    /// Where its images come from.
    pub kind: Kind,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// Number of classes; labels are below it.
    pub classes: u16,
    /// Under which terms it may be used.
    pub licence: String,
    /// The paper to cite.
    pub citation: String,
    /// Its home page.
    pub source: String,
    /// Addresses of folders that hold the .gz files, in the order to be tried.
    #[serde(default)]
    pub mirrors: Vec<String>,
    /// Its parts.
    pub splits: BTreeMap<Split, SplitEntry>,
}

/// Where a data set's images come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// Compiled into this crate.
    Embedded,
    /// IDX files under the data root.
    Idx,
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// To learn from.
    Train,
    /// To judge by.
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Test => "test",
        })
    }
}

/// One split of a data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SplitEntry {
    /// Number of images.
    pub count: usize,
    /// Its files; none if embedded.
    pub files: Option<SplitFiles>,
}

/// The two files of a split.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SplitFiles {
    /// Pixels, IDX of rank 3.
    pub images: FileEntry,
    /// Classes, IDX of rank 1.
    pub labels: FileEntry,
}

/// One file of a data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileEntry {
    /// Name without .gz.
    pub name: String,
    /// Length unpacked.
    pub bytes: u64,
    /// SHA-256 unpacked, lower-case hexadecimal.
    pub sha256: String,
    /// The .gz as published.
    pub archive: Archive,
}

/// A published .gz file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Archive {
    /// Length packed.
    pub bytes: u64,
    /// SHA-256 packed, lower-case hexadecimal.
    pub sha256: String,
}

impl Catalog {
    /// The catalogue compiled into this crate.
    ///
    /// # Errors
    /// None in a build whose tests pass: the file is compiled in.
    pub fn embedded() -> Result<Self, DataError> {
        Self::from_toml(include_str!("../datasets.toml"))
    }

    /// Parses a catalogue of the same form as `datasets.toml`.
    ///
    /// # Errors
    /// [`DataError::CatalogSyntax`] for unknown or missing keys, [`DataError::CatalogEntry`] for
    /// values that contradict each other.
    pub fn from_toml(text: &str) -> Result<Self, DataError> {
        let mut entries: BTreeMap<String, Entry> = toml::from_str(text)?;
        for (name, entry) in &mut entries {
            entry.name.clone_from(name);
            entry.check()?;
        }
        Ok(Self { entries })
    }

    /// The data set of that name.
    ///
    /// # Errors
    /// [`DataError::UnknownDataset`], which lists the known names.
    pub fn get(&self, name: &str) -> Result<&Entry, DataError> {
        self.entries.get(name).ok_or_else(|| DataError::UnknownDataset {
            name: name.to_owned(),
            known: self.entries.keys().cloned().collect(),
        })
    }

    /// All data sets, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }
}

impl Entry {
    /// The split of that kind.
    ///
    /// # Errors
    /// [`DataError::NoSplit`], which lists the splits there are.
    pub fn split(&self, split: Split) -> Result<&SplitEntry, DataError> {
        self.splits.get(&split).ok_or_else(|| DataError::NoSplit {
            name: self.name.clone(),
            split,
            known: self.splits.keys().copied().collect(),
        })
    }

    /// All files, images before labels, the training split first; none if embedded.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.splits
            .values()
            .filter_map(|split| split.files.as_ref())
            .flat_map(|files| [&files.images, &files.labels])
    }

    /// Names become paths and sizes become limits, so both are checked before either is used.
    fn check(&self) -> Result<(), DataError> {
        let fault = |field, found: &dyn fmt::Display, expected: &dyn fmt::Display| {
            Err(DataError::CatalogEntry {
                name: self.name.clone(),
                field,
                found: found.to_string(),
                expected: expected.to_string(),
            })
        };
        if !is_plain_name(&self.name) {
            return fault("the name", &format!("{:?}", self.name), &PLAIN);
        }
        if self.splits.is_empty() {
            return fault("splits", &"empty", &"at least one");
        }
        if self.classes == 0 || self.classes > 256 {
            return fault("classes", &self.classes, &"1 to 256");
        }
        let [channels, height, width] = self.shape;
        if channels != 1 || height == 0 || width == 0 {
            return fault("shape", &format!("{:?}", self.shape), &"[1, height, width]");
        }
        for split in self.splits.values() {
            let files = match (self.kind, &split.files) {
                (Kind::Embedded, None) => continue,
                (Kind::Idx, Some(files)) => files,
                (Kind::Embedded, Some(_)) => return fault("files", &"present", &"none (embedded)"),
                (Kind::Idx, None) => return fault("files", &"absent", &"images and labels"),
            };
            for file in [&files.images, &files.labels] {
                if !is_plain_name(&file.name) {
                    return fault("a file's name", &format!("{:?}", file.name), &PLAIN);
                }
                for sum in [&file.sha256, &file.archive.sha256] {
                    if !is_sha256(sum) {
                        return fault("a sha256", sum, &"64 lower-case hexadecimal digits");
                    }
                }
                if file.bytes > MAX_BYTES || file.archive.bytes > MAX_BYTES {
                    let larger = file.bytes.max(file.archive.bytes);
                    return fault("bytes", &larger, &format_args!("at most {MAX_BYTES}"));
                }
            }
            let count = split.count as u128;
            let pixels = count.saturating_mul(height as u128).saturating_mul(width as u128);
            for (file, expected) in [
                (&files.images, pixels.saturating_add(IMAGES_HEADER)),
                (&files.labels, count.saturating_add(LABELS_HEADER)),
            ] {
                if u128::from(file.bytes) != expected {
                    return fault("bytes", &file.bytes, &format_args!("{expected} as by count"));
                }
            }
        }
        Ok(())
    }
}

const PLAIN: &str = "letters, digits, `-`, `_` and inner dots only";

/// Whether the name stays within its folder on every system.
fn is_plain_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(allowed) && !name.starts_with('.') && !name.ends_with('.')
}

fn is_sha256(sum: &str) -> bool {
    sum.len() == 64 && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
