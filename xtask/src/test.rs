//! `cargo xtask test`: runs all tests, and lists those that were left out.
//!
//! A test that needs files from outside the repository is ignored with a reason that names them:
//! `#[ignore = "needs EBM_DATA: mnist/"]` needs the folder `mnist` in the folder that `--data`
//! names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::command::{Invocation, cargo, installed};
use crate::features::feature_arguments;

#[derive(Args)]
pub(crate) struct Options {
    /// More features of `ebm-cli`, separated by commas.
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// A folder of data sets (`DIR/mnist`): also runs the tests that need them [default:
    /// $EBM_DATA].
    #[arg(long, value_name = "DIR", env = "EBM_DATA")]
    data: Option<PathBuf>,
    /// A folder of feature networks' weights: also runs the tests that need them [default:
    /// $EBM_FEATURES].
    #[arg(long, value_name = "DIR", env = "EBM_FEATURES")]
    features_dir: Option<PathBuf>,
    /// Arguments of the test runner, to choose tests.
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let features = feature_arguments(&options.features);
    runner().args(&features).args(&options.rest).check()?;
    if !options.rest.is_empty() {
        return Ok(());
    }
    cargo("test --doc --release --workspace").args(&features).check()?;
    outside_data(options, &features)
}

/// Returns the test runner, for every test that is not a doctest.
fn runner() -> Invocation {
    let runner = if installed("nextest") {
        "nextest run --release --workspace --no-fail-fast"
    } else {
        "test --release --workspace --lib --bins --tests"
    };
    cargo(runner)
}

/// Runs the ignored tests whose files are there, and says which were left out.
fn outside_data(options: &Options, features: &[String]) -> Result<()> {
    let folders = [("EBM_DATA", &options.data), ("EBM_FEATURES", &options.features_dir)];
    let (mut chosen, mut left_out) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
    for test in ignored(Path::new("crates"))? {
        let found = folders.iter().any(|(variable, folder)| {
            folder.as_deref().is_some_and(|folder| test.has_files(variable, folder))
        });
        if found {
            chosen.push(test.name);
        } else {
            left_out.entry(test.reason).or_default().push(test.name);
        }
    }
    if !chosen.is_empty() {
        let mut invocation = runner().args(features);
        for (variable, folder) in folders {
            if let Some(folder) = folder {
                // Absolute: tests run in the folders of their packages.
                let folder = fs::canonicalize(folder)
                    .with_context(|| format!("no folder {}", folder.display()))?;
                invocation.0.env(variable, folder);
            }
        }
        let selection: &[&str] =
            if installed("nextest") { &["--run-ignored", "only"] } else { &["--", "--ignored"] };
        invocation.args(selection).args(&chosen).check()?;
    }
    for (reason, names) in &left_out {
        eprintln!("xtask: left out, {reason}: {}", names.join(", "));
    }
    let hint = if left_out.is_empty() { "" } else { " (see --data and --features-dir)" };
    let count: usize = left_out.values().map(Vec::len).sum();
    eprintln!("xtask: {} tests on outside data ran, {count} were left out{hint}", chosen.len());
    Ok(())
}

/// A test with `#[ignore = "needs VARIABLE: …"]`.
struct Ignored {
    name: String,
    reason: String,
}

impl Ignored {
    /// Returns whether the test needs `variable` alone, and `folder` has the folders (`mnist/`) and
    /// files (`squeezenet.safetensors`) that its reason names.
    fn has_files(&self, variable: &str, folder: &Path) -> bool {
        let Some(needs) =
            self.reason.strip_prefix("needs ").and_then(|rest| rest.strip_prefix(variable))
        else {
            return false;
        };
        needs
            .split([':', ',', ' '])
            .filter(|word| word.ends_with('/') || word.contains('.'))
            .all(|word| folder.join(word).exists())
    }
}

/// Returns the ignored tests in the Rust files of a folder.
fn ignored(folder: &Path) -> Result<Vec<Ignored>> {
    let mut tests = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            tests.extend(ignored(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            tests.extend(ignored_in(&text));
        }
    }
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tests)
}

fn ignored_in(text: &str) -> Vec<Ignored> {
    let mut tests = Vec::new();
    let mut reason = None;
    for line in text.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("#[ignore = \"") {
            reason = rest.rsplit_once('"').map(|(reason, _)| reason.to_owned());
        } else if let Some(rest) = line.strip_prefix("fn ")
            && let Some(reason) = reason.take()
        {
            let name = rest.split('(').next().unwrap_or_default().to_owned();
            tests.push(Ignored { name, reason });
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_tests_are_found_with_their_reasons() {
        let attribute = "#[ignore";
        let text = format!(
            "#[test]\n{attribute} = \"needs EBM_DATA: mnist/\"]\nfn one() {{}}\n#[test]\nfn two() {{}}"
        );
        let found = ignored_in(&text);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].name.as_str(), found[0].reason.as_str()),
            ("one", "needs EBM_DATA: mnist/")
        );
    }

    #[test]
    fn a_test_runs_where_its_files_are() {
        let test = |reason: &str| Ignored { name: "t".into(), reason: reason.into() };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(test("needs EBM_DATA: src/").has_files("EBM_DATA", folder));
        assert!(test("needs EBM_DATA: src/, Cargo.toml").has_files("EBM_DATA", folder));
        assert!(!test("needs EBM_DATA: src/, cifar10/").has_files("EBM_DATA", folder));
        assert!(!test("needs EBM_FEATURES: src/").has_files("EBM_DATA", folder));
        assert!(!test("takes minutes").has_files("EBM_DATA", folder));
    }
}
