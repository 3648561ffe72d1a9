//! The graph of the workspace's crates, and whether ARCHITECTURE.md has it.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::metadata::{Package, packages};

const DOCUMENT: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- graph: `cargo xtask check` compares it with the manifests -->\n";
const END: &str = "<!-- end of graph -->\n";

/// Fails if the graph in ARCHITECTURE.md is not that of the manifests.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(DOCUMENT).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let documented = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let (documented, _) = documented.with_context(|| format!("{DOCUMENT} has no graph"))?;
    let expected = graph(&packages()?);
    if documented.trim() != expected.trim() {
        bail!("the graph in {DOCUMENT} is not that of the manifests, which is:\n\n{expected}");
    }
    Ok(())
}

/// Returns a line for each library and the command, those without dependencies first.
fn graph(packages: &[Package]) -> String {
    let ours =
        |name: &str| packages.iter().find(|package| package.published && package.name == name);
    let mut layers: Vec<Vec<&Package>> = Vec::new();
    let mut rest: Vec<&Package> = packages.iter().filter(|package| package.published).collect();
    while !rest.is_empty() {
        let above = |package: &&Package| {
            rest.iter().any(|other| package.dependencies.contains(&other.name))
        };
        let (above, layer): (Vec<_>, Vec<_>) = rest.iter().partition(|package| above(package));
        if layer.is_empty() {
            break;
        }
        layers.push(layer);
        rest = above;
    }
    let mut text = String::from("```text\n");
    for package in layers.iter().flatten() {
        let below = package.dependencies.iter().filter(|name| ours(name).is_some());
        let below: Vec<&str> = below.map(|name| short(name)).collect();
        let below = if below.is_empty() { "–".into() } else { below.join(", ") };
        text += &format!("{:<9} ► {below}\n", short(&package.name));
    }
    text + "```\n"
}

/// Returns the name without the prefix that all crates share.
fn short(name: &str) -> &str {
    name.strip_prefix("ebm-").unwrap_or(name)
}
