//! The packages of the workspace.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::cargo;

/// A package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Whether it may be published.
    pub(crate) published: bool,
}

/// All packages of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let metadata = cargo("metadata --no-deps --format-version 1").output()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    packages
        .iter()
        .map(|package| {
            let name = package["name"].as_str().context("a package has no name")?.to_owned();
            // `publish = false` is a list of no registries.
            let published = package["publish"].as_array().is_none_or(|list| !list.is_empty());
            Ok(Package { name, published })
        })
        .collect()
}
