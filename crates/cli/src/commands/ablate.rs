//! `ebm ablate`: a declared matrix of runs, and one table of what they came to.

mod matrix;
mod outcome;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use ebm::device::{DeviceName, open};

use super::eval::Network;
use super::sets::Sets;
use ebm_run::find;
use matrix::{Job, Matrix};
use outcome::{Outcome, Setting};

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
    /// The network that completions are compared in, as `ebm eval` takes it, for sets that no classifier is compiled in
    /// for.
    #[arg(long, value_name = "NAME[=FILE]")]
    features: Option<String>,
    #[command(flatten)]
    sets: Sets,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let matrix = Matrix::open(arguments.matrix.as_deref())?;
    // All recipes are read before the first is run: a wrong key shows at once.
    let jobs = matrix.jobs(arguments.quick, &arguments.only)?;
    let (root, catalog) = arguments.sets.open()?;
    let device = open(arguments.device)?;
    let features = arguments.features.as_deref();
    if let Some(given) = features {
        // A file that is missing shows before anything is made. Images of any size will do.
        Network::open(given, [1; 3], &device)?;
    }
    let out = find::free_folder(arguments.out, "ablations")?;
    fs::create_dir_all(&out).with_context(|| format!("cannot write {}", out.display()))?;
    let (next, state, started) =
        (AtomicUsize::new(0), Mutex::new(State::default()), Instant::now());
    let setting = Setting { root: &root, catalog: &catalog, device: &device, features, out: &out };
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = Outcome::of(job, &setting);
            let Ok(mut state) = state.lock() else { return };
            let seconds = started.elapsed().as_secs_f64();
            // The table grows run by run: what is done is not lost if a later run fails.
            if let Err(error) = state.add(job, outcome, &out, seconds) {
                state.error.get_or_insert(error);
                next.store(jobs.len(), Ordering::Relaxed);
                return;
            }
            let done = state.outcomes.len();
            let left = seconds / done as f64 * (jobs.len() - done) as f64;
            tracing::info!("{done} of {}: {job}; {left:.0} s left", jobs.len());
        }
    };
    thread::scope(|scope| {
        for _ in 0..arguments.parallel.clamp(1, jobs.len()) {
            scope.spawn(work);
        }
    });
    if let Some(error) = state.into_inner().ok().and_then(|state| state.error) {
        return Err(error);
    }
    writeln!(stdout(), "{}", out.join("ablations.html").display())?;
    Ok(())
}

/// The runs that have ended, in the order of the matrix, or why no more are made.
#[derive(Default)]
struct State {
    outcomes: BTreeMap<usize, Outcome>,
    error: Option<anyhow::Error>,
}

impl State {
    fn add(&mut self, job: &Job, outcome: Result<Outcome>, out: &Path, seconds: f64) -> Result<()> {
        self.outcomes.insert(job.number, outcome?);
        table::write(out, &self.outcomes.values().collect::<Vec<_>>(), seconds)
    }
}
