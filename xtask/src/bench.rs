//! `cargo xtask bench`: starts the benchmarks, and the comparisons with programs of other
//! libraries.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::command::{Invocation, cargo};
use crate::features::{feature, feature_arguments};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Langevin steps and teaching iterations (criterion).
    Langevin {
        /// Arguments of criterion, to choose benchmarks.
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Kernels on targets with known moments: speed, effective draws, errors, as a table and a page
    /// of plots.
    Samplers {
        /// Every kernel and target with tiny budgets.
        #[arg(long)]
        quick: bool,
        /// Only rows whose `target/kernel` contains this, such as banana or /NUTS.
        #[arg(long, default_value = "")]
        filter: String,
        /// The seed of the chains.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Backends, separated by commas; builds with the features that they need.
        #[arg(long, value_delimiter = ',', default_value = "cpu")]
        device: Vec<String>,
        /// A folder for samplers.csv and samplers.html.
        #[arg(long, default_value = "runs/samplers")]
        out: PathBuf,
    },
    /// The CPU's score path, by part, beside PyTorch if asked.
    Score {
        /// A folder with programs that do the same work.
        #[arg(long)]
        peers: Option<PathBuf>,
        /// The paper's CIFAR-10 iteration as well (minutes more).
        #[arg(long)]
        full: bool,
        #[command(flatten)]
        rounds: Rounds,
    },
    /// The loader of images beside PyTorch, and its share of an iteration; `EBM_DATA` adds MNIST.
    Data {
        #[command(flatten)]
        rounds: Rounds,
    },
    /// Langevin on analytic targets beside PyTorch and JAX.
    Peers {
        /// A folder with programs that do the same work.
        #[arg(long)]
        peers: PathBuf,
        #[command(flatten)]
        rounds: Rounds,
    },
}

/// The number of rounds of a comparison.
#[derive(Args)]
pub(crate) struct Rounds {
    /// Rounds of both programs; medians over the rounds are reported.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// A Markdown file for the result, such as benches/record/score.md.
    #[arg(long)]
    record: Option<PathBuf>,
}

pub(crate) fn run(what: Bench) -> Result<()> {
    match what {
        Bench::Langevin { rest } => {
            cargo("bench --workspace --bench langevin").arg("--").args(rest).check()
        }
        Bench::Samplers { quick, filter, seed, device, out } => {
            // Cargo runs a bench in the folder of its package.
            let out = std::path::absolute(&out).context("cannot tell where --out is")?;
            let features: Vec<String> = device.iter().filter_map(|name| feature(name)).collect();
            cargo("bench --workspace --bench samplers")
                .args(feature_arguments(&features))
                .args(["--", "--filter", &filter, "--seed", &seed.to_string()])
                .args(["--device", &device.join(",")])
                .args(["--out".as_ref(), out.as_os_str()])
                .args(quick.then_some("--quick"))
                .check()
        }
        Bench::Score { peers, full, rounds } => {
            cargo("bench --workspace --bench score --no-run").check()?;
            let peers = peers.map(|peers| ["--peers".into(), peers.into_os_string()]);
            compare("score", &rounds)
                .args(peers.into_iter().flatten())
                .args(full.then_some("--full"))
                .check()
        }
        Bench::Data { rounds } => {
            cargo("bench --workspace --bench data --no-run").check()?;
            compare("data", &rounds).check()
        }
        Bench::Peers { peers, rounds } => {
            cargo("bench --workspace --bench analytic --no-run").check()?;
            compare("peers", &rounds).args(["--peers".into(), peers.into_os_string()]).check()
        }
    }
}

/// Returns an invocation of the program `compare` in the package of benchmarks.
fn compare(what: &str, rounds: &Rounds) -> Invocation {
    let record = rounds.record.as_ref().map(|path| ["--record".as_ref(), path.as_os_str()]);
    cargo("run --quiet --release --package ebm-benches --bin compare --")
        .args([what, "--rounds", &rounds.rounds.to_string()])
        .args(record.into_iter().flatten())
}
