//! `cargo xtask bench`: what is measured, and how it is started.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::command::cargo;
use crate::{feature, feature_arguments, loader, peers, score};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Langevin steps and teaching iterations (criterion).
    Langevin {
        /// Arguments of criterion, to choose benchmarks.
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Kernels on targets with known moments: speed, effective draws, errors, as a table and a page of plots.
    Samplers {
        /// Every kernel and target with tiny budgets.
        #[arg(long)]
        quick: bool,
        /// Only cells whose `target/kernel` contains this, such as banana or /NUTS.
        #[arg(long, default_value = "")]
        filter: String,
        /// Another seed, other chains.
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
        /// Turns that ours and theirs take.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// The paper's CIFAR-10 iteration as well (minutes more).
        #[arg(long)]
        full: bool,
        /// A Markdown file for the result, such as benches/record/score.md.
        #[arg(long)]
        record: Option<PathBuf>,
    },
    /// The loader of images beside PyTorch, and what it costs of an iteration; `EBM_DATA` adds MNIST.
    Data {
        /// Turns that ours and theirs take.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// A Markdown file for the result, such as benches/record/data.md.
        #[arg(long)]
        record: Option<PathBuf>,
    },
    /// Langevin on analytic targets beside PyTorch and JAX.
    Peers {
        /// A folder with programs that do the same work.
        #[arg(long)]
        peers: PathBuf,
        /// Turns that ours and theirs take.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// A Markdown file for the result, such as benches/record/peers.md.
        #[arg(long)]
        record: Option<PathBuf>,
    },
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
        Bench::Score { peers, rounds, full, record } => {
            score::run(&score::Plan { peers, rounds, full, record })
        }
        Bench::Data { rounds, record } => loader::run(rounds, record),
        Bench::Peers { peers, rounds, record } => peers::run(&peers, rounds, record),
    }
}
