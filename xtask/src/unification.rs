//! Checks that every selection of packages shares one compilation of Burn.
//!
//! Cargo resolves features for the packages that it is asked to build, so `-p ebm-vae` could ask
//! for fewer features of Burn's dependencies than the whole workspace does, and compile them again.
//! `crates/workspace-hack` asks for the union on behalf of every crate that depends on Burn.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

use crate::command::cargo;
use crate::metadata::packages;

/// The crate whose dependencies are the union, and whose tree is compared.
const HACK: &str = "workspace-hack";
/// The package of the command: the one that backends are chosen for, compared in full.
const FINAL: &str = "ebm-cli";

/// Fails if a package that depends on Burn, built alone, compiles a crate of Burn's tree with other
/// features than the workspace with its tests does. `features` choose the backends.
pub(crate) fn check(features: &[String]) -> Result<()> {
    let members = packages()?;
    let shared: BTreeSet<String> = resolved(&["--package", HACK, "--edges", "normal,build"], &[])?
        .into_iter()
        .map(|krate| krate.name)
        .collect();
    let mut missing: BTreeMap<Resolved, Vec<&str>> = BTreeMap::new();
    let selections = members.iter().map(|member| (member.name.as_str(), [].as_slice()));
    for (package, features) in selections.chain([(FINAL, features)]) {
        let alone = resolved(&["--package", package, "--edges", "normal,build"], features)?;
        if !alone.iter().any(|krate| krate.name.starts_with("burn v")) {
            continue;
        }
        let workspace = resolved(&["--workspace", "--edges", "normal,build,dev"], features)?;
        for krate in alone.difference(&workspace) {
            if package == FINAL || shared.contains(&krate.name) {
                missing.entry(krate.clone()).or_default().push(package);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|(krate, members)| {
            format!("  {} [{}], for {}", krate.name, krate.features, members.join(", "))
        })
        .collect();
    bail!(
        "built alone, these packages compile crates of Burn's tree with fewer features than the \
         workspace:\n{}\nEvery crate that depends on Burn needs `{HACK}.workspace = true`, and \
         crates/{HACK}/Cargo.toml the features that `cargo tree --workspace --format '{{p}} {{f}}'` \
         has besides",
        lines.join("\n")
    )
}

/// A crate as it is compiled: `burn-core v0.22.1` and its features.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Resolved {
    name: String,
    features: String,
}

fn resolved(selection: &[&str], features: &[String]) -> Result<BTreeSet<Resolved>> {
    let output = cargo("tree --quiet --prefix none --format")
        .args(["{p}|{f}"])
        .args(selection)
        .args(features)
        .output()?;
    output
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            // A crate is marked where it was listed before.
            let line = line.trim_end_matches(" (*)");
            let (name, features) = line.split_once('|').context("unexpected line of cargo tree")?;
            Ok(Resolved { name: name.to_owned(), features: features.to_owned() })
        })
        .collect()
}
