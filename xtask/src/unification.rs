//! Checks that every selection of packages shares one compilation of Burn.
//!
//! Cargo resolves features for the packages that it is asked to build, so `-p ebm-vae` could ask for
//! fewer features of Burn's dependencies than the whole workspace does, and compile them again.
//! `crates/workspace-hack` asks for the union on behalf of every crate that depends on Burn.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::cargo;

/// The crate whose dependencies are the union, and whose tree is compared.
const HACK: &str = "workspace-hack";

/// Fails if a package that depends on Burn, built alone, compiles a crate of Burn's tree with other
/// features than the workspace with its tests does. `features` are those of the final build.
pub(crate) fn check(features: &[String]) -> Result<()> {
    let members = members()?;
    let shared: BTreeSet<String> = resolved(&["--package", HACK, "--edges", "normal,build"], &[])?
        .into_iter()
        .map(|krate| krate.name)
        .collect();
    let mut missing: BTreeMap<Resolved, Vec<&str>> = BTreeMap::new();
    for features in [&[], features] {
        let workspace = resolved(&["--workspace", "--edges", "normal,build,dev"], features)?;
        for member in &members {
            // Features are named `ebm/wgpu`: they concern the packages that depend on that one.
            if !features.is_empty() && !member.has_backends {
                continue;
            }
            let name = member.name.as_str();
            let alone = resolved(&["--package", name, "--edges", "normal,build"], features)?;
            if !alone.iter().any(|krate| krate.name.starts_with("burn v")) {
                continue;
            }
            for krate in alone.difference(&workspace) {
                if shared.contains(&krate.name) || krate.name.starts_with("burn") {
                    missing.entry(krate.clone()).or_default().push(name);
                }
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

struct Member {
    name: String,
    /// Whether it is `ebm`, or forwards features to it.
    has_backends: bool,
}

fn members() -> Result<Vec<Member>> {
    let metadata = cargo("metadata --no-deps --format-version 1").output()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let has_backends = |package: &Value| {
        package["name"] == "ebm"
            || package["dependencies"].as_array().is_some_and(|dependencies| {
                dependencies
                    .iter()
                    .any(|dependency| dependency["name"] == "ebm" && dependency["kind"].is_null())
            })
    };
    packages
        .iter()
        .map(|package| {
            let name = package["name"].as_str().context("a package has no name")?.to_owned();
            Ok(Member { name, has_backends: has_backends(package) })
        })
        .collect()
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
        .map(|line| {
            // A crate is marked where it was listed before.
            let line = line.trim_end_matches(" (*)");
            let (name, features) = line.split_once('|').context("unexpected line of cargo tree")?;
            Ok(Resolved { name: name.to_owned(), features: features.to_owned() })
        })
        .collect()
}
