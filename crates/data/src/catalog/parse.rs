//! Parses TOML into entries: keys are read with their places in the file first, then sorted by the
//! entry's format.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::entry::{
    Archive, EmbeddedSet, Entry, FileEntry, Format, IdxSet, IdxSplit, MatSet, MatSplit, PictureSet,
    PictureSplit, Published, RecordsSet, RecordsSplit, Tarball,
};
use crate::error::DataError;
use crate::split::Split;

/// Parses the entries of a catalogue.
pub(super) fn entries(text: &str) -> Result<BTreeMap<String, Entry>, DataError> {
    let tables: BTreeMap<String, EntryTable> = toml::from_str(text)?;
    let entries = tables.into_iter().map(|(name, table)| Ok((name.clone(), table.entry(name)?)));
    entries.collect()
}

/// The name of a format. Catalogues of earlier versions call the key `kind`, and two formats
/// `cifar` and `mat`.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    Embedded,
    Idx,
    #[serde(alias = "cifar")]
    Records,
    #[serde(alias = "mat")]
    Matlab,
    Folder,
    Pairs,
}

impl FormatName {
    fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Idx => "idx",
            Self::Records => "records",
            Self::Matlab => "matlab",
            Self::Folder => "folder",
            Self::Pairs => "pairs",
        }
    }

    /// The keys of an entry that only some formats have.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Embedded => &[],
            Self::Idx => &["layouts", "mirrors", "npz"],
            Self::Records => &["layouts", "mirrors", "tarball"],
            Self::Matlab => &["layouts", "mirrors"],
            Self::Folder | Self::Pairs => &["layouts"],
        }
    }

    /// The keys of a split.
    fn split_keys(self) -> &'static [&'static str] {
        match self {
            Self::Embedded => &["count"],
            Self::Idx => &["count", "files"],
            Self::Records | Self::Matlab => &["count", "batches"],
            Self::Folder | Self::Pairs => &["count", "folder"],
        }
    }

    /// The keys of a file.
    fn file_keys(self) -> &'static [&'static str] {
        match self {
            Self::Idx => &["name", "bytes", "sha256", "archive"],
            _ => &["name", "bytes", "sha256"],
        }
    }
}

/// An entry with the keys of all formats.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryTable {
    #[serde(alias = "kind")]
    format: FormatName,
    description: String,
    shape: [usize; 3],
    classes: u16,
    licence: String,
    citation: String,
    source: String,
    mirrors: Option<Vec<String>>,
    layouts: Option<Vec<String>>,
    npz: Option<String>,
    tarball: Option<Tarball>,
    splits: BTreeMap<Split, SplitTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitTable {
    count: usize,
    files: Option<IdxFiles>,
    batches: Option<Vec<FileTable>>,
    folder: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdxFiles {
    images: FileTable,
    labels: FileTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    name: String,
    bytes: u64,
    sha256: Option<String>,
    archive: Option<Archive>,
}

/// The entry that a fault is reported of.
struct Context {
    name: String,
    format: FormatName,
}

impl Context {
    /// Refuses the present keys that the format does not have.
    fn refuse(
        &self,
        present: &[(&'static str, bool)],
        known: &'static [&'static str],
    ) -> Result<(), DataError> {
        match present.iter().find(|(key, present)| *present && !known.contains(key)) {
            None => Ok(()),
            Some(&(key, _)) => Err(DataError::CatalogKey {
                name: self.name.clone(),
                key,
                format: self.format.name(),
                known: known.to_vec(),
            }),
        }
    }

    fn fault(&self, field: &'static str, found: impl Into<String>, expected: &str) -> DataError {
        let (name, found, expected) = (self.name.clone(), found.into(), expected.to_owned());
        DataError::CatalogEntry { name, field, found, expected }
    }

    /// A file that is published as `of_archive` makes of its key `archive`.
    fn file(
        &self,
        table: FileTable,
        of_archive: impl FnOnce(Option<Archive>) -> Option<Published>,
    ) -> Result<FileEntry, DataError> {
        self.refuse(&[("archive", table.archive.is_some())], self.format.file_keys())?;
        let FileTable { name, bytes, sha256, archive } = table;
        match of_archive(archive) {
            Some(published) => Ok(FileEntry { name, bytes, sha256, published }),
            None => Err(self.fault("archive", "absent", "the .gz as published")),
        }
    }

    fn gzipped(&self, table: FileTable) -> Result<FileEntry, DataError> {
        self.file(table, |archive| archive.map(Published::Gzip))
    }

    fn batches(&self, split: SplitTable) -> Result<Vec<FileTable>, DataError> {
        match split.batches {
            Some(batches) if !batches.is_empty() => Ok(batches),
            _ => Err(self.fault("batches", "absent", "at least one file")),
        }
    }
}

impl EntryTable {
    fn entry(self, name: String) -> Result<Entry, DataError> {
        let context = Context { name, format: self.format };
        let present = [
            ("layouts", self.layouts.is_some()),
            ("mirrors", self.mirrors.is_some()),
            ("npz", self.npz.is_some()),
            ("tarball", self.tarball.is_some()),
        ];
        context.refuse(&present, self.format.keys())?;
        for split in self.splits.values() {
            let present = [
                ("files", split.files.is_some()),
                ("batches", split.batches.is_some()),
                ("folder", split.folder.is_some()),
            ];
            context.refuse(&present, self.format.split_keys())?;
        }
        let (mirrors, splits) = (self.mirrors.unwrap_or_default(), self.splits);
        let format = match self.format {
            FormatName::Embedded => {
                let splits = splits.into_iter().map(|(split, table)| (split, table.count));
                Format::Embedded(EmbeddedSet { splits: splits.collect() })
            }
            FormatName::Idx => {
                let splits = map(splits, |table| {
                    let Some(files) = table.files else {
                        return Err(context.fault("files", "absent", "images and labels"));
                    };
                    let images = context.gzipped(files.images)?;
                    let labels = context.gzipped(files.labels)?;
                    Ok(IdxSplit { count: table.count, images, labels })
                })?;
                Format::Idx(IdxSet { mirrors, npz: self.npz, splits })
            }
            FormatName::Records => {
                let Some(tarball) = self.tarball else {
                    return Err(context.fault("tarball", "absent", "the .tar.gz as published"));
                };
                let splits = map(splits, |table| {
                    let count = table.count;
                    let files = context.batches(table)?.into_iter();
                    let files = files.map(|file| context.file(file, |_| Some(Published::Tarball)));
                    Ok(RecordsSplit { count, files: files.collect::<Result<_, _>>()? })
                })?;
                Format::Records(RecordsSet { mirrors, tarball, splits })
            }
            FormatName::Matlab => {
                let splits = map(splits, |table| {
                    let count = table.count;
                    let files = context.batches(table)?;
                    let [file] = <[_; 1]>::try_from(files).map_err(|files| {
                        context.fault("batches", files.len().to_string(), "one file")
                    })?;
                    let file = context.file(file, |_| Some(Published::Plain))?;
                    if file.sha256.is_none() {
                        let expected = "the file's, which is published as it is";
                        return Err(context.fault("sha256", "absent", expected));
                    }
                    Ok(MatSplit { count, file })
                })?;
                Format::Mat(MatSet { mirrors, splits })
            }
            FormatName::Folder => Format::Folder(pictures(splits)),
            FormatName::Pairs => Format::Pairs(pictures(splits)),
        };
        Ok(Entry {
            name: context.name,
            description: self.description,
            shape: self.shape,
            classes: self.classes,
            licence: self.licence,
            citation: self.citation,
            source: self.source,
            layouts: self.layouts.unwrap_or_default(),
            format,
        })
    }
}

fn map<T>(
    splits: BTreeMap<Split, SplitTable>,
    of_table: impl Fn(SplitTable) -> Result<T, DataError>,
) -> Result<BTreeMap<Split, T>, DataError> {
    splits.into_iter().map(|(split, table)| Ok((split, of_table(table)?))).collect()
}

fn pictures(splits: BTreeMap<Split, SplitTable>) -> PictureSet {
    let split = |table: SplitTable| PictureSplit { count: table.count, folder: table.folder };
    let splits = splits.into_iter().map(|(name, table)| (name, split(table)));
    PictureSet { splits: splits.collect() }
}
