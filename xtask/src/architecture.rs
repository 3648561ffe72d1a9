//! The structure of the source files: no import circles within a crate, no `mod.rs`, no comment
//! wider than code.
//!
//! Files are read as text, so the check takes no time and knows no types: it sees the paths that a
//! file writes, follows re-exports to the file of the definition, and does not see coupling through
//! methods. Test modules are not looked at.

mod comments;
mod components;
mod modules;
mod tokens;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::modules::Sources;

/// The circles that are allowed, each with the reason: its files as in the report, sorted.
const ALLOWED: &[(&[&str], &str)] = &[];

/// The folders that hold Rust sources.
const FOLDERS: [&str; 4] = ["benches", "crates", "fuzz", "xtask"];

/// The violations in a repository, described.
struct Violations {
    /// The import circles and the files `mod.rs`.
    modules: Vec<String>,
    /// The comments that are too wide.
    comments: Vec<String>,
}

/// Checks the modules of the repository in the current folder.
///
/// # Errors
/// Lists all import circles and files `mod.rs`, or names the file that cannot be read.
pub(crate) fn check_modules() -> Result<()> {
    report(&violations(Path::new("."))?.modules)
}

/// Checks the width of comments in the repository in the current folder.
///
/// # Errors
/// Lists all comments that are too wide, or names the file that cannot be read.
pub(crate) fn check_comments() -> Result<()> {
    report(&violations(Path::new("."))?.comments)
}

fn report(violations: &[String]) -> Result<()> {
    for violation in violations {
        eprintln!("xtask: {violation}");
    }
    match violations.len() {
        0 => Ok(()),
        1 => bail!("the structure has 1 violation"),
        count => bail!("the structure has {count} violations"),
    }
}

fn violations(repository: &Path) -> Result<Violations> {
    let mut files = Vec::new();
    for folder in FOLDERS.map(|folder| repository.join(folder)) {
        if folder.is_dir() {
            collect(&folder, &mut files)?;
        }
    }
    files.sort();
    let mut violations = Violations { modules: Vec::new(), comments: Vec::new() };
    for (path, text) in &files {
        let name = path.strip_prefix(repository).unwrap_or(path).display();
        if path.file_name().is_some_and(|file| file == "mod.rs") && !shared_by_tests(path) {
            let folder = path.parent().unwrap_or(path);
            let folder = folder.strip_prefix(repository).unwrap_or(folder).display();
            violations.modules.push(format!("{name}: rename it to {folder}.rs"));
        }
        violations.comments.extend(comments::wide(text).into_iter().map(|(line, width)| {
            format!(
                "{name}:{line}: a comment of {width} columns, at most {} fit",
                comments::COLUMNS
            )
        }));
    }
    for root in roots(&files) {
        let sources = Sources::new(&root, &files);
        violations.modules.extend(circles(repository, &sources));
    }
    Ok(violations)
}

/// Reads all Rust files below a folder.
fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            files.push((path, text));
        }
    }
    Ok(())
}

/// Returns whether a `mod.rs` is a module that several test programs share: `tests/NAME.rs` would
/// be a test program itself.
fn shared_by_tests(path: &Path) -> bool {
    let above = path.parent().and_then(Path::parent).and_then(Path::file_name);
    above.is_some_and(|name| name == "tests")
}

/// Returns the root files of all libraries and of all programs with more than one file.
fn roots(files: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let is_root = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        let beside = |name| files.iter().any(|(other, _)| *other == path.with_file_name(name));
        // A library's program sees the library as any other crate does.
        name == Some("lib.rs") || (name == Some("main.rs") && !beside("lib.rs"))
    };
    files.iter().map(|(path, _)| path).filter(|path| is_root(path)).cloned().collect()
}

/// Describes the import circles of a crate.
fn circles(repository: &Path, sources: &Sources<'_>) -> Vec<String> {
    let edges = sources.edges();
    let targets = |file: usize| edges[file].keys().copied().collect::<Vec<_>>();
    let name = |file: usize| {
        let path = sources.path(file);
        path.strip_prefix(repository).unwrap_or(path).display().to_string()
    };
    let circles = components::circles(edges.len(), targets).into_iter().filter_map(|files| {
        let mut names: Vec<String> = files.iter().map(|&file| name(file)).collect();
        names.sort();
        if ALLOWED.iter().any(|(allowed, _)| *allowed == names) {
            return None;
        }
        let mut lines = vec![format!("files that import each other: {}", names.join(", "))];
        for &from in &files {
            for (&to, item) in edges[from].iter().filter(|(to, _)| files.contains(to)) {
                lines.push(format!("    {} uses {item} of {}", name(from), name(to)));
            }
        }
        Some(lines.join("\n"))
    });
    circles.collect()
}
