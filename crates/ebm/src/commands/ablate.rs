//! `ebm ablate`: a declared matrix of runs, and one table of what they came to.

mod matrix;
mod outcome;
mod table;

use std::fs;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use ebm::data::DataRoot;
use ebm::device::{DeviceName, open};

use crate::run::find;
use matrix::Matrix;
use outcome::Outcome;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A .toml file with `seeds`, `[[bases]]` and `[[cases]]` [default: the embedded matrix].
    matrix: Option<PathBuf>,
    /// The folder of the table, new or empty.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only cases and bases whose names contain one of these words.
    #[arg(long)]
    only: Vec<String>,
    /// Each run makes a few iterations: a check that everything runs.
    #[arg(long)]
    quick: bool,
    /// Runs at the same time [default: 2].
    #[arg(long, default_value_t = 2)]
    parallel: usize,
    /// Where to compute.
    #[arg(long, default_value = "cpu", value_parser = crate::parse_device)]
    device: DeviceName,
    /// The folder of data sets [default: $EBM_DATA, else a folder of the user's].
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let matrix = Matrix::open(arguments.matrix.as_deref())?;
    // All recipes are read before the first is run: a wrong key shows at once.
    let jobs = matrix.jobs(arguments.quick, &arguments.only)?;
    let root = DataRoot::resolve(arguments.data_dir)?;
    let device = open(arguments.device)?;
    let out = find::free_folder(arguments.out, "ablations")?;
    fs::create_dir_all(&out).with_context(|| format!("cannot write {}", out.display()))?;
    let (next, done, started) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Instant::now());
    thread::scope(|scope| {
        for _ in 0..arguments.parallel.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = Outcome::of(job, &root, &device);
                    let Ok(mut done) = done.lock() else { return };
                    done.push((job.number, outcome));
                    let left = started.elapsed().as_secs_f64() / done.len() as f64
                        * (jobs.len() - done.len()) as f64;
                    tracing::info!("{} of {}: {job}; {left:.0} s left", done.len(), jobs.len());
                }
            });
        }
    });
    let mut outcomes = done.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(number, _)| *number);
    let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect::<Result<Vec<_>>>()?;
    table::write(&out, &outcomes, started.elapsed().as_secs_f64())?;
    writeln!(stdout(), "{}", out.join("ablations.html").display())?;
    Ok(())
}
