//! `cargo xtask check`: everything that needs no test to run.

use anyhow::{Result, bail};
use clap::Args;

use crate::command::{cargo, installed};
use crate::features::feature_arguments;
use crate::{architecture, docs, graph, unification};

#[derive(Args)]
pub(crate) struct Options {
    /// More features of `ebm-cli`, separated by commas.
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// Fail where cargo-deny or mdbook is not installed, instead of leaving its check out.
    #[arg(long)]
    strict: bool,
    /// Check only the structure of the source files: import circles, `mod.rs`, wide comments.
    #[arg(long)]
    structure: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.structure {
        architecture::check_modules()?;
        return architecture::check_comments();
    }
    let features = feature_arguments(&options.features);
    cargo("fmt --all --check").check()?;
    architecture::check_modules()?;
    architecture::check_comments()?;
    graph::check()?;
    unification::check(&features)?;
    dependencies(options.strict)?;
    docs::book(options.strict)?;
    cargo("clippy --release --workspace --all-targets")
        .args(&features)
        .args(["--", "-D", "warnings"])
        .check()?;
    docs::api(&features)
}

/// Licences, sources and, where the advisory database can be fetched, advisories.
fn dependencies(strict: bool) -> Result<()> {
    if !installed("deny") {
        if strict {
            bail!("cargo-deny is not installed (cargo install --locked cargo-deny)");
        }
        eprintln!("xtask: cargo-deny is not installed, licences and advisories were not checked");
        return Ok(());
    }
    if cargo("deny fetch db").succeeds() {
        return cargo("deny check --hide-inclusion-graph").check();
    }
    eprintln!("xtask: the advisory database cannot be fetched, advisories were not checked");
    cargo("deny check --hide-inclusion-graph licenses bans sources").check()
}
