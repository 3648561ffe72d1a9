//! The packages of the workspace.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::cargo;

/// A package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Whether it may be published.
    pub(crate) published: bool,
    /// The names of its normal dependencies, sorted.
    pub(crate) dependencies: Vec<String>,
}

/// Returns all packages of the workspace, by name.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let metadata = cargo("metadata --no-deps --format-version 1").output()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut packages = packages
        .iter()
        .map(|package| {
            let name = package["name"].as_str().context("a package has no name")?.to_owned();
            // `publish = false` is a list of no registries.
            let published = package["publish"].as_array().is_none_or(|list| !list.is_empty());
            let dependencies = package["dependencies"].as_array();
            let mut dependencies: Vec<String> = dependencies
                .into_iter()
                .flatten()
                .filter(|dependency| dependency["kind"].is_null())
                .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
                .collect();
            dependencies.sort();
            Ok(Package { name, published, dependencies })
        })
        .collect::<Result<Vec<_>>>()?;
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}
