//! Ablations: a matrix of runs, and one table of their measures.

mod matrix;
mod outcome;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use burn::tensor::Device;
use ebm::tensor::ImageShape;

use self::matrix::Job;
use self::outcome::Setting;
use crate::dataset::{DataLocation, DataStore};
use crate::feature_network::NamedNetwork;
use crate::{Result, RunError};

pub use self::matrix::Matrix;
pub use self::outcome::Outcome;

/// The options of [`Ablation::new`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AblationOptions {
    /// The words of which the names of cases and bases must contain one; empty for all.
    pub only: Vec<String>,
    /// Whether each run makes a few iterations only, as a check that everything works.
    pub quick: bool,
    /// The number of runs at the same time.
    pub parallel: usize,
    /// The network in which completions are compared, as [`NamedNetwork::open`] takes it, for data
    /// sets without a built-in classifier.
    pub features: Option<String>,
    /// The location of the data sets.
    pub data: DataLocation,
}

impl Default for AblationOptions {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            quick: false,
            parallel: 2,
            features: None,
            data: DataLocation::default(),
        }
    }
}

/// The runs of a matrix, ready to start.
#[derive(Debug)]
pub struct Ablation {
    jobs: Vec<Job>,
    parallel: usize,
    features: Option<String>,
    location: DataLocation,
    store: DataStore,
}

impl Ablation {
    /// Reads all recipes of a matrix, so that an invalid one is found before the first run.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`] for a matrix without runs or with ambiguous names,
    /// [`RunError::Teaching`] for an invalid recipe, [`RunError::Data`] for an invalid catalogue.
    pub fn new(matrix: &Matrix, options: &AblationOptions) -> Result<Self> {
        Ok(Self {
            jobs: matrix.jobs(options.quick, &options.only)?,
            parallel: options.parallel,
            features: options.features.clone(),
            location: options.data.clone(),
            store: options.data.open()?,
        })
    }

    /// Makes all runs and writes `ablations.html` and `ablations.csv` into a folder. The table
    /// grows with each run, so that finished runs are kept if a later one fails. A run that
    /// diverges is part of the table.
    ///
    /// # Errors
    /// The first error of a run, other than divergence; [`RunError::Write`] if the table cannot be
    /// written.
    pub fn run(&self, device: &Device, out: &Path) -> Result<PathBuf> {
        if let Some(given) = &self.features {
            // A missing file is found before the first run. The shape of the images does not
            // matter.
            NamedNetwork::open(given, ImageShape::new(1, 1), device)?;
        }
        fs::create_dir_all(out).map_err(RunError::writing(out))?;
        let (next, state, started) =
            (AtomicUsize::new(0), Mutex::new(State::default()), Instant::now());
        let features = self.features.as_deref();
        let setting =
            Setting { store: &self.store, location: &self.location, device, features, out };
        let work = || {
            while let Some(job) = self.jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = Outcome::of(job, &setting);
                let Ok(mut state) = state.lock() else { return };
                let seconds = started.elapsed().as_secs_f64();
                if let Err(error) = state.add(job, outcome, out, seconds) {
                    state.error.get_or_insert(error);
                    next.store(self.jobs.len(), Ordering::Relaxed);
                    return;
                }
                let done = state.outcomes.len();
                let left = seconds / done as f64 * (self.jobs.len() - done) as f64;
                tracing::info!("{done} of {}: {job}; {left:.0} s left", self.jobs.len());
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.parallel.clamp(1, self.jobs.len()) {
                scope.spawn(work);
            }
        });
        match state.into_inner().ok().and_then(|state| state.error) {
            Some(error) => Err(error),
            None => Ok(out.join("ablations.html")),
        }
    }
}

/// The finished runs, in the order of the matrix, and the error that ended the ablation.
#[derive(Default)]
struct State {
    outcomes: BTreeMap<usize, Outcome>,
    error: Option<RunError>,
}

impl State {
    fn add(&mut self, job: &Job, outcome: Result<Outcome>, out: &Path, seconds: f64) -> Result<()> {
        self.outcomes.insert(job.number, outcome?);
        table::write(out, &self.outcomes.values().collect::<Vec<_>>(), seconds)
    }
}
