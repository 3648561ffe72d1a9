//! Repository tasks: `cargo xtask reproduce | test | bench | check | docs | package`.

#![allow(clippy::print_stderr, reason = "a program's messages")]

mod architecture;
mod bench;
mod check;
mod command;
mod docs;
mod features;
mod graph;
mod metadata;
mod package;
mod test;
mod unification;

use std::process::ExitCode;

use anyhow::Result;
use bench::Bench;
use clap::{Parser, Subcommand};
use command::cargo;
use features::{feature, feature_arguments};

/// Repository tasks of the ebm workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build `ebm` in release and train a recipe; without arguments, embedded digits on the CPU.
    Reproduce {
        /// An embedded recipe, the path of a .toml file, or `ablations`: a matrix of runs and its
        /// table.
        #[arg(default_value = "digits")]
        recipe: String,
        /// auto, cpu, ndarray, wgpu, vulkan or cuda; builds with the feature that it needs.
        #[arg(long, default_value = "auto")]
        device: String,
        /// The recipe's quick variant: a check that everything runs.
        #[arg(long)]
        quick: bool,
        /// More features of `ebm-cli`, separated by commas.
        #[arg(long, value_delimiter = ',')]
        features: Vec<String>,
        /// Further arguments of `ebm train`.
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Run all tests, doctests included (with cargo-nextest if it is installed).
    Test(test::Options),
    /// Measure; without arguments, Langevin steps and teaching iterations.
    Bench {
        #[command(subcommand)]
        what: Option<Bench>,
    },
    /// Check format, structure, features, lints, docs, licences and the book: before a commit.
    Check(check::Options),
    /// Build the API documentation and, if mdbook is installed, the book.
    Docs,
    /// Package every crate that can be published, without building it.
    Package,
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
        Task::Test(options) => test::run(&options),
        Task::Bench { what } => bench::run(what.unwrap_or(Bench::Langevin { rest: Vec::new() })),
        Task::Check(options) => check::run(&options),
        Task::Docs => {
            docs::api(&[])?;
            docs::book(false)
        }
        Task::Package => package::run(),
    }
}
