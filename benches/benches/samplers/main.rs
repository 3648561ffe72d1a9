//! Kernels on targets with known moments: transitions and effective draws per second and per
//! gradient, and the errors of moments, so that a fast wrong sampler shows. `cargo xtask bench
//! samplers` runs it.

#![allow(missing_docs, reason = "a program")]
#![allow(clippy::print_stderr, reason = "a program's messages")]

mod cell;
mod kernels;
mod measured;
mod page;
mod plots;
mod quality;
mod row;
mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cell::{Bench, Plan};
use clap::Parser;
use ebm::device::{DeviceName, open};
use ebm_files::write_file;
use row::Row;

#[derive(Parser)]
struct Cli {
    /// Measure every kernel and target with a tiny budget, as a check that everything runs.
    #[arg(long)]
    quick: bool,
    /// Measure only cells whose `target/kernel` contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// The seed of all chains.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Backends, separated by commas, that are compiled in: cpu, ndarray, wgpu, vulkan, cuda.
    #[arg(long, value_delimiter = ',', default_value = "cpu")]
    device: Vec<DeviceName>,
    /// Write samplers.csv and samplers.html into this folder, not the table to the standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Passed by cargo.
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
            print!("{}", row::table(&rows));
            Ok(())
        }
    }
}

fn write(folder: &Path, rows: &[Row]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let files = [("samplers.csv", row::table(rows)), ("samplers.html", page::render(rows)?)];
    for (name, content) in files {
        let path = folder.join(name);
        write_file(&path, content.as_bytes())?;
        println!("{}", path.display());
    }
    Ok(())
}
