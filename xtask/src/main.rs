//! Repository tasks: `cargo xtask reproduce | test | bench | check | docs`.

#![allow(clippy::print_stderr, reason = "a program's messages")]

mod bench;
mod command;
mod loader;
mod peers;
mod score;
mod unification;

use std::process::{Command, ExitCode};

use anyhow::Result;
use bench::Bench;
use clap::{Parser, Subcommand};
use command::{Invocation, cargo};

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
            unification::check(&features)?;
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

/// `--features ebm/A,ebm/B`, or nothing.
fn feature_arguments(features: &[String]) -> Vec<String> {
    if features.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = features.iter().map(|name| format!("ebm-cli/{name}")).collect();
    vec!["--features".into(), names.join(",")]
}

fn installed(subcommand: &str) -> bool {
    cargo(subcommand).arg("--version").succeeds()
}
