//! `cargo xtask package`: checks that every crate that can be published packages.

use anyhow::Result;

use crate::command::cargo;
use crate::metadata::packages;

/// Packages all publishable crates, as `cargo publish` would, without building them.
pub(crate) fn run() -> Result<()> {
    let excluded = packages()?.into_iter().filter(|package| !package.published);
    let excluded = excluded.flat_map(|package| ["--exclude".to_owned(), package.name]);
    cargo("package --workspace --no-verify --allow-dirty --quiet").args(excluded).check()
}
