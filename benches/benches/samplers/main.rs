//! Kernels on targets with known moments: transitions and effective draws per second and per gradient, and how far
//! moments are off, so that a fast wrong sampler shows. `cargo xtask bench samplers` runs it.

#![allow(missing_docs, reason = "a program")]
#![allow(clippy::print_stderr, reason = "a program's messages")]

mod cell;
mod judge;
mod kernels;
mod page;
mod plots;
mod row;
mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cell::{Bench, Plan};
use clap::Parser;
use ebm::device::{DeviceName, open};
use row::Row;

#[derive(Parser)]
struct Cli {
    /// Every kernel and target with tiny budgets: a check that everything runs.
    #[arg(long)]
    quick: bool,
    /// Only cells whose `target/kernel` contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// Another seed, other chains.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Backends, separated by commas, of those that are compiled in: cpu, ndarray, wgpu, vulkan, cuda.
    #[arg(long, value_delimiter = ',', default_value = "cpu")]
    device: Vec<DeviceName>,
    /// A folder for samplers.csv and samplers.html; without it the table goes to the standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let mut rows = Vec::new();
    for &name in &cli.device {
        let plan = Plan::new(name, open(name)?, &cli.filter, cli.seed, cli.quick);
        for case in targets::all(cli.quick)? {
            let mut bench = Bench { plan: &plan, case: &case, rows: Vec::new() };
            kernels::measure(&mut bench);
            rows.append(&mut bench.rows);
        }
    }
    ensure!(!rows.is_empty(), "no target/kernel contains {:?}", cli.filter);
    match &cli.out {
        Some(folder) => write(folder, &rows),
        None => {
            print!("{}", row::csv(&rows));
            Ok(())
        }
    }
}

fn write(folder: &Path, rows: &[Row]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let files = [("samplers.csv", row::csv(rows)), ("samplers.html", page::render(rows)?)];
    for (name, content) in files {
        let path = folder.join(name);
        replace(&path, &content).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// A whole file or the one of before, never a half.
fn replace(path: &Path, content: &str) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, content)
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| drop(fs::remove_file(&partial)))
}
