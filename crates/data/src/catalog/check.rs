//! Names become paths and sizes become limits, so both are checked before either is used.

use std::fmt;

use super::{Archive, Entry, FileEntry, Kind, Split, SplitEntry};
use crate::error::DataError;
use crate::idx::{IMAGES_HEADER, LABELS_HEADER, MAX_BYTES};

const PLAIN: &str = "letters, digits, `-`, `_` and inner dots only";
const LAYOUT: &str = "plain names joined by `/`, behind nothing, `/` or `~/`";

impl Entry {
    pub(super) fn check(&self) -> Result<(), DataError> {
        if !is_plain_name(&self.name) {
            return self.fault("the name", &format!("{:?}", self.name), &PLAIN);
        }
        if self.splits.is_empty() {
            return self.fault("splits", &"empty", &"at least one");
        }
        if self.classes == 0 || self.classes > 256 {
            return self.fault("classes", &self.classes, &"1 to 256");
        }
        let [channels, height, width] = self.shape;
        let (found, expected) = match self.kind {
            Kind::Cifar => (channels == 3, "[3, height, width]"),
            Kind::Folder | Kind::Pairs | Kind::Mat => {
                (matches!(channels, 1 | 3), "[1, height, width] or [3, height, width]")
            }
            Kind::Embedded | Kind::Idx => (channels == 1, "[1, height, width]"),
        };
        if !found || height == 0 || width == 0 {
            return self.fault("shape", &format!("{:?}", self.shape), &expected);
        }
        for layout in &self.layouts {
            if !is_layout(layout) {
                return self.fault("layouts", &format!("{layout:?}"), &LAYOUT);
            }
        }
        if let Some(npz) = &self.npz {
            if self.kind != Kind::Idx {
                return self.fault("npz", &"present", &"none (of IDX files only)");
            }
            if !is_layout(npz) {
                return self.fault("npz", &format!("{npz:?}"), &LAYOUT);
            }
        }
        match (self.kind, &self.tarball) {
            (Kind::Cifar, None) => return self.fault("tarball", &"absent", &"the .tar.gz"),
            (kind, Some(_)) if kind != Kind::Cifar => {
                return self.fault("tarball", &"present", &"none (of CIFAR's kind only)");
            }
            (_, None) => {}
            (_, Some(tarball)) => {
                for name in [&tarball.name, &tarball.folder] {
                    if !is_plain_name(name) {
                        return self.fault("the tarball's name", &format!("{name:?}"), &PLAIN);
                    }
                }
                self.check_archive(&tarball.archive)?;
            }
        }
        self.splits.values().try_for_each(|split| self.check_split(split))
    }

    fn check_split(&self, split: &SplitEntry) -> Result<(), DataError> {
        let (has_files, has_batches) = (split.files.is_some(), !split.batches.is_empty());
        if !self.kind.is_pictures() && split.folder.is_some() {
            return self.fault("folder", &"present", &"none (of sets of pictures only)");
        }
        if let Some(folder) = split.folder.as_ref().filter(|folder| !is_plain_name(folder)) {
            return self.fault("folder", &format!("{folder:?}"), &PLAIN);
        }
        match self.kind {
            Kind::Embedded | Kind::Folder | Kind::Pairs | Kind::Mat if has_files => {
                return self.fault("files", &"present", &"none (of IDX files only)");
            }
            Kind::Idx if !has_files => return self.fault("files", &"absent", &"images and labels"),
            Kind::Cifar if has_files => return self.fault("files", &"present", &"batches instead"),
            Kind::Cifar if !has_batches => {
                return self.fault("batches", &"absent", &"at least one");
            }
            Kind::Embedded | Kind::Idx | Kind::Folder | Kind::Pairs if has_batches => {
                return self.fault("batches", &"present", &"none (of CIFAR's kind only)");
            }
            Kind::Mat if split.batches.len() != 1 => {
                return self.fault("batches", &split.batches.len(), &"one file");
            }
            _ => {}
        }
        let mut items = split.items(self.kind, Split::Train);
        items.try_for_each(|item| self.check_file(item.file))?;
        let count = split.count as u128;
        let pixels = self.shape.iter().fold(1, |n: u128, &dim| n.saturating_mul(dim as u128));
        if let Some(files) = &split.files {
            let images = count.saturating_mul(pixels).saturating_add(IMAGES_HEADER);
            self.check_bytes(files.images.bytes.into(), images)?;
            self.check_bytes(files.labels.bytes.into(), count.saturating_add(LABELS_HEADER))?;
        }
        if self.kind == Kind::Cifar {
            let record = pixels.saturating_add(1);
            if let Some(file) = split.batches.iter().find(|f| u128::from(f.bytes) % record != 0) {
                let expected = format!("a multiple of {record} as by shape");
                return self.fault("bytes", &file.bytes, &expected);
            }
            let found = split.batches.iter().map(|file| u128::from(file.bytes)).sum();
            self.check_bytes(found, count.saturating_mul(record))?;
        }
        Ok(())
    }

    fn check_file(&self, file: &FileEntry) -> Result<(), DataError> {
        if !is_plain_name(&file.name) {
            return self.fault("a file's name", &format!("{:?}", file.name), &PLAIN);
        }
        match (&file.archive, &self.tarball) {
            (None, None) if self.kind == Kind::Mat => {}
            (Some(archive), None) => self.check_archive(archive)?,
            (None, Some(_)) => {}
            (None, None) => return self.fault("archive", &"absent", &"the .gz as published"),
            (Some(_), Some(_)) => return self.fault("archive", &"present", &"the tarball's only"),
        }
        if let Some(sum) = &file.sha256 {
            self.check_sum(sum)?;
        } else if self.kind == Kind::Mat {
            return self.fault("sha256", &"absent", &"the file's, which is published as it is");
        }
        self.check_limit(file.bytes)
    }

    fn check_archive(&self, archive: &Archive) -> Result<(), DataError> {
        self.check_sum(&archive.sha256)?;
        self.check_limit(archive.bytes)
    }

    fn check_sum(&self, sum: &str) -> Result<(), DataError> {
        if sum.len() == 64 && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(());
        }
        self.fault("a sha256", &sum, &"64 lower-case hexadecimal digits")
    }

    fn check_limit(&self, bytes: u64) -> Result<(), DataError> {
        if bytes <= MAX_BYTES {
            return Ok(());
        }
        self.fault("bytes", &bytes, &format_args!("at most {MAX_BYTES}"))
    }

    fn check_bytes(&self, found: u128, expected: u128) -> Result<(), DataError> {
        if found == expected {
            return Ok(());
        }
        self.fault("bytes", &found, &format_args!("{expected} as by count"))
    }

    fn fault(
        &self,
        field: &'static str,
        found: &dyn fmt::Display,
        expected: &dyn fmt::Display,
    ) -> Result<(), DataError> {
        let (found, expected) = (found.to_string(), expected.to_string());
        Err(DataError::CatalogEntry { name: self.name.clone(), field, found, expected })
    }
}

/// Whether it is a path of plain names, below the data root, the user's home (there, names may begin with a dot)
/// or the system's.
fn is_layout(path: &str) -> bool {
    match path.strip_prefix("~/") {
        Some(rest) => {
            rest.split('/').all(|name| is_plain_name(name.strip_prefix('.').unwrap_or(name)))
        }
        None => path.strip_prefix('/').unwrap_or(path).split('/').all(is_plain_name),
    }
}

/// Whether the name stays within its folder on every system.
fn is_plain_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(allowed) && !name.starts_with('.') && !name.ends_with('.')
}
