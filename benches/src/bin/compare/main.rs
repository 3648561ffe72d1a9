//! Runs this workspace's benchmarks and programs of other libraries that do the same work
//! alternately, and writes a record of both. Started by `cargo xtask bench score | data | peers`.

#![allow(clippy::print_stderr, reason = "a program's messages")]

mod analytic;
mod data;
mod measure;
mod score;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Benchmarks beside programs of other libraries.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// Rounds of both programs; medians over the rounds are reported.
    #[arg(long, global = true, default_value_t = 3)]
    rounds: usize,
    /// A Markdown file for the result, such as benches/record/score.md.
    #[arg(long, global = true)]
    record: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// The CPU's score path, by part, beside PyTorch if asked.
    Score {
        /// The folder of `langevin_conv.py` and `vmt_step.py`.
        #[arg(long)]
        peers: Option<PathBuf>,
        /// The paper's CIFAR-10 iteration as well (minutes more).
        #[arg(long)]
        full: bool,
    },
    /// The loader of images beside PyTorch, and its share of an iteration; `EBM_DATA` adds MNIST.
    Data,
    /// Langevin on analytic targets beside PyTorch and JAX.
    Peers {
        /// The folder of `langevin_analytic.py`.
        #[arg(long)]
        peers: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "the record is this program's output")]
fn run(cli: Cli) -> Result<()> {
    let text = match cli.what {
        What::Score { peers, full } => {
            score::run(&score::Plan { peers, rounds: cli.rounds, full })?
        }
        What::Data => data::run(cli.rounds)?,
        What::Peers { peers } => analytic::run(&peers, cli.rounds)?,
    };
    println!("{text}");
    match cli.record {
        Some(path) => {
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        }
        None => Ok(()),
    }
}
