//! Opens data sets for training and for tasks.

use std::path::PathBuf;

use ebm::data::{Catalog, DataRoot, Density, ExampleSet, Half, Selection, Split, open, open_pairs};
use ebm::teaching::{ConditionHalf, ConditionRecipe};

use crate::error::unsuitable;
use crate::{Result, RunError};

/// The location of the data sets.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DataLocation {
    /// The folder of data sets; `None` for `$EBM_DATA`, or else the user's own data folder.
    pub root: Option<PathBuf>,
    /// A catalogue that extends the built-in one; `None` for `$EBM_CATALOG`, or else no other.
    pub catalog: Option<PathBuf>,
}

impl DataLocation {
    /// Creates a location from the folder of data sets and a further catalogue.
    pub fn new(root: Option<PathBuf>, catalog: Option<PathBuf>) -> Self {
        Self { root, catalog }
    }

    /// Reads the catalogue and resolves the folder, which need not exist.
    ///
    /// # Errors
    /// [`RunError::Data`] for a catalogue that cannot be read, or if no folder is known.
    pub fn open(&self) -> Result<DataStore> {
        let catalog = Catalog::resolve(self.catalog.clone())?;
        Ok(DataStore { root: DataRoot::resolve(self.root.clone())?, catalog })
    }
}

/// A folder of data sets and the catalogue that describes them.
#[derive(Clone, Debug)]
pub struct DataStore {
    /// The folder.
    pub root: DataRoot,
    /// The catalogue.
    pub catalog: Catalog,
}

impl DataStore {
    /// Opens the images that a model under `condition` learns from, with their partners where the
    /// condition is the other image of a pair.
    pub(crate) fn examples(
        &self,
        condition: Option<&ConditionRecipe>,
        selection: &Selection<'_>,
    ) -> Result<(ExampleSet, Split)> {
        let Some(ConditionRecipe::Pair(pair)) = condition else {
            let unknown = |error| {
                let densities = Density::ALL.map(Density::name).join(", ");
                RunError::Data(error)
                    .context(format!("{} is none of the densities {densities}", selection.set))
            };
            let (images, split) = open(selection, &self.root, &self.catalog).map_err(unknown)?;
            return Ok((images.into(), split));
        };
        let half = match pair.half {
            ConditionHalf::Left => Half::Left,
            ConditionHalf::Right => Half::Right,
        };
        let (pairs, split) = open_pairs(selection, half, &self.root, &self.catalog)?;
        let [found, ..] = pairs.conditions().shape();
        if found != pair.channels {
            unsuitable!(
                "condition.channels is {}, but the conditions of {} have {found}",
                pair.channels,
                selection.set
            );
        }
        Ok((pairs.into(), split))
    }
}

/// Returns `count` indices below `len`, or all if there are fewer, evenly spread: sets may be
/// sorted by class.
pub(crate) fn spread(len: usize, count: usize) -> Vec<usize> {
    let count = count.min(len);
    (0..count).map(|i| i * len / count).collect()
}
