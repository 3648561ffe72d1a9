//! Repository tasks: `cargo xtask reproduce | test | bench | check | docs`.

#![allow(clippy::print_stderr, reason = "a program's messages")]

mod bench;
mod loader;
mod peers;
mod score;

use std::env;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use bench::Bench;
use clap::{Parser, Subcommand};

/// Repository tasks of the ebm workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build `ebm` in release and train by a recipe; without arguments, on embedded digits on the CPU.
    Reproduce {
        /// An embedded recipe, the path of a .toml file, or `ablations`: a matrix of runs and its table.
        #[arg(default_value = "digits")]
        recipe: String,
        /// auto, cpu, ndarray, wgpu, vulkan or cuda; builds with the feature that it needs.
        #[arg(long, default_value = "auto")]
        device: String,
        /// The recipe's quick variant: a check that everything runs.
        #[arg(long)]
        quick: bool,
        /// More features of the crate `ebm-cli`, separated by commas.
        #[arg(long, value_delimiter = ',')]
        features: Vec<String>,
        /// Further arguments of `ebm train`.
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Run all tests, doc-tests included (with cargo-nextest if it is installed).
    Test {
        /// More features of the crate `ebm-cli`, separated by commas.
        #[arg(long, value_delimiter = ',')]
        features: Vec<String>,
        /// Arguments of the test runner, to choose tests.
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Measure; without arguments, Langevin steps and teaching iterations.
    Bench {
        #[command(subcommand)]
        what: Option<Bench>,
    },
    /// Check format, lints, docs, shared features and, if it is installed, cargo-deny: before a commit.
    Check {
        /// More features of the crate `ebm-cli`, separated by commas.
        #[arg(long, value_delimiter = ',')]
        features: Vec<String>,
    },
    /// Build the API documentation and, if mdbook is installed, the book.
    Docs,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Reproduce { recipe, device, quick, mut features, rest } => {
            features.extend(feature(&device));
            // The one name that is a matrix of runs.
            let command: &[&str] =
                if recipe == "ablations" { &["ablate"] } else { &["train", &recipe] };
            cargo("run --release --package ebm-cli --bin ebm")
                .args(feature_arguments(&features))
                .arg("--")
                .args(command)
                .args(["--device", &device])
                .args(quick.then_some("--quick"))
                .args(rest)
                .check()
        }
        Task::Test { features, rest } => {
            let features = feature_arguments(&features);
            let runner = if installed("nextest") {
                "nextest run --no-fail-fast"
            } else {
                "test --lib --bins --tests"
            };
            cargo(runner).args(["--release", "--workspace"]).args(&features).args(&rest).check()?;
            if rest.is_empty() {
                cargo("test --doc --release --workspace").args(&features).check()?;
            }
            Ok(())
        }
        Task::Bench { what } => bench::run(what.unwrap_or(Bench::Langevin { rest: Vec::new() })),
        Task::Check { features } => {
            let features = feature_arguments(&features);
            cargo("fmt --all --check").check()?;
            check_unification(&features)?;
            cargo("clippy --release --workspace --all-targets")
                .args(&features)
                .args(["--", "-D", "warnings"])
                .check()?;
            documentation(&features)?;
            if installed("deny") {
                cargo("deny check").check()?;
            } else {
                eprintln!(
                    "xtask: cargo-deny is not installed, licences and advisories were not checked"
                );
            }
            Ok(())
        }
        Task::Docs => {
            documentation(&[])?;
            let book = Command::new("mdbook").arg("--version").output();
            if book.is_ok_and(|output| output.status.success()) {
                Invocation(Command::new("mdbook")).args(["build", "docs"]).check()?;
            } else {
                eprintln!("xtask: mdbook is not installed, the book in docs/ was not built");
            }
            Ok(())
        }
    }
}

/// The feature of `ebm` for a device, if the default build lacks it.
fn feature(device: &str) -> Option<String> {
    matches!(device, "ndarray" | "wgpu" | "vulkan" | "cuda").then(|| device.to_owned())
}

fn documentation(features: &[String]) -> Result<()> {
    let mut invocation = cargo("doc --release --workspace --no-deps").args(features);
    invocation.0.env("RUSTDOCFLAGS", "-D warnings");
    invocation.check()
}

/// Fails if building `ebm-cli` alone would compile a dependency with other features than building the
/// workspace with its tests does: Burn would then be compiled twice.
fn check_unification(features: &[String]) -> Result<()> {
    let alone = resolved(&["--package", "ebm-cli", "--edges", "normal,build"], features)?;
    let tested = resolved(&["--workspace", "--edges", "normal,build,dev"], features)?;
    let differing: Vec<_> = alone.iter().filter(|line| !tested.contains(line)).collect();
    if !differing.is_empty() {
        bail!(
            "`reproduce` and `test` would each compile their own: {differing:#?}\n\
             Switch on the missing features at the end of [dependencies] in crates/cli/Cargo.toml"
        );
    }
    Ok(())
}

/// The dependencies with their features, one on a line, sorted.
fn resolved(selection: &[&str], features: &[String]) -> Result<Vec<String>> {
    let output = cargo("tree --prefix none --format")
        .args(["{p} {f}"])
        .args(selection)
        .args(features)
        .0
        .output()
        .context("cannot start cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    }
    let mut lines: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        // A crate is marked where it was listed before.
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect();
    lines.sort();
    lines.dedup();
    Ok(lines)
}

/// `--features ebm-cli/A,ebm-cli/B`, or nothing.
fn feature_arguments(features: &[String]) -> Vec<String> {
    if features.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = features.iter().map(|name| format!("ebm-cli/{name}")).collect();
    vec!["--features".into(), names.join(",")]
}

fn installed(subcommand: &str) -> bool {
    cargo(subcommand).args(["--version"]).0.output().is_ok_and(|output| output.status.success())
}

/// A command, printed when it is run.
struct Invocation(Command);

/// Cargo, the one that started this, with space-separated arguments.
fn cargo(arguments: &str) -> Invocation {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments.split(' '));
    Invocation(command)
}

impl Invocation {
    fn arg(self, argument: &str) -> Self {
        self.args([argument])
    }

    fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// What it prints on stdout; its stderr goes where ours goes.
    fn output(mut self) -> Result<String> {
        let output = self.0.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
        if !output.status.success() {
            bail!("{:?} failed ({})", self.0, output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn check(mut self) -> Result<()> {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        let shown: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        let shown = shown.join(" ");
        eprintln!("+ {shown}");
        let status = self.0.status().with_context(|| format!("cannot start {shown}"))?;
        if !status.success() {
            bail!("{shown} failed ({status})");
        }
        Ok(())
    }
}
