//! The catalogue of data sets: `datasets.toml`, parsed and checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use crate::error::DataError;

mod check;
mod entry;
mod parse;

pub use entry::{
    Archive, EmbeddedSet, Entry, FileEntry, Format, IdxSet, IdxSplit, MatSet, MatSplit, PictureSet,
    PictureSplit, Published, RecordsSet, RecordsSplit, Tarball,
};
pub(crate) use entry::{Item, Part};

/// The environment variable that names a file of entries.
const VARIABLE: &str = "EBM_CATALOG";

/// The data sets that can be named.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    entries: BTreeMap<String, Entry>,
}

impl Catalog {
    /// Returns the catalogue compiled into this crate.
    ///
    /// # Errors
    /// Never fails in a build whose tests pass, because the file is compiled in.
    pub fn embedded() -> Result<Self, DataError> {
        Self::from_toml(include_str!("../datasets.toml"))
    }

    /// Returns the embedded catalogue with a user's entries: those of the file `given`, else of the
    /// file that the environment's `EBM_CATALOG` names. They replace entries of the same name.
    ///
    /// # Errors
    /// [`DataError::Io`], or [`DataError::CatalogFile`] with the file and the error of the parser.
    pub fn resolve(given: Option<PathBuf>) -> Result<Self, DataError> {
        // An empty variable counts as unset.
        let variable =
            || env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let mut catalog = Self::embedded()?;
        if let Some(path) = given.or_else(variable) {
            let text = fs::read_to_string(&path).map_err(DataError::io("read", &path))?;
            let more = Self::from_toml(&text)
                .map_err(|problem| DataError::CatalogFile { path, problem: Box::new(problem) })?;
            catalog.entries.extend(more.entries);
        }
        Ok(catalog)
    }

    /// Parses a catalogue of the same form as `datasets.toml`.
    ///
    /// # Errors
    /// [`DataError::CatalogSyntax`] for unknown or missing keys, [`DataError::CatalogKey`] for keys
    /// of another format, [`DataError::CatalogEntry`] for values that contradict each other.
    pub fn from_toml(text: &str) -> Result<Self, DataError> {
        let entries = parse::entries(text)?;
        entries.values().try_for_each(check::check)?;
        Ok(Self { entries })
    }

    /// Returns the data set of that name.
    ///
    /// # Errors
    /// [`DataError::UnknownDataset`], which lists the known names.
    pub fn get(&self, name: &str) -> Result<&Entry, DataError> {
        self.entries.get(name).ok_or_else(|| DataError::UnknownDataset {
            name: name.to_owned(),
            known: self.entries.keys().cloned().collect(),
        })
    }

    /// Returns all data sets, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }
}
