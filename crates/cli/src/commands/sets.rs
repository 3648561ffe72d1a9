//! Where data sets are, as every command that reads them is told.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use ebm::data::{Catalog, DataRoot};

#[derive(Args, Clone)]
pub(crate) struct Sets {
    /// The folder of data sets [default: $EBM_DATA, else a folder of the user's].
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    /// A file like datasets.toml, whose sets are known besides the built-in ones, or instead of those of the same
    /// name [default: $EBM_CATALOG].
    #[arg(long, global = true, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

impl Sets {
    /// The folder, which need not exist, and what is known.
    pub(crate) fn open(&self) -> Result<(DataRoot, Catalog)> {
        let catalog = Catalog::resolve(self.catalog.clone())?;
        Ok((DataRoot::resolve(self.data_dir.clone())?, catalog))
    }
}
