//! Draws for other programs: NumPy's `.npz` and JSON, in the layout and with the names of ArviZ.
//!
//! Files are written beside their path, synced and renamed, so that a file is whole or absent.

mod nested;

use std::io;
use std::path::{Path, PathBuf};

use ebm_files::{FileError, NpzWriter, write_file_with};
use serde::Serialize;

use self::nested::{Array, Group};
use crate::diagnostics::{Draws, Transitions};

/// A reason for which draws were not exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The export has no variables or no draws.
    #[error("{}: no variable to export", path.display())]
    Nothing {
        /// The path of the file.
        path: PathBuf,
    },
    /// Two variables have the same name, or one has a name that cannot be written.
    #[error(
        "{}: {name:?} is the name of two variables, empty, or has a slash", path.display()
    )]
    Name {
        /// The path of the file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The variables have different chains or draws.
    #[error(
        "{}: {name:?} has [chain, draw] = {found:?}, but the variables before it {expected:?}",
        path.display()
    )]
    Shape {
        /// The path of the file.
        path: PathBuf,
        /// The variable that differs.
        name: String,
        /// The numbers of its chains and draws.
        found: [usize; 2],
        /// The numbers of the first variable.
        expected: [usize; 2],
    },
    /// A draw is NaN or infinite, which JSON cannot hold.
    #[error("{}: {name:?} holds {value}, which JSON cannot hold; export to .npz", path.display())]
    NotFinite {
        /// The path of the file.
        path: PathBuf,
        /// The variable.
        name: String,
        /// The first such draw.
        value: f64,
    },
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An export of variables, with the statistics of the transitions that led to their draws.
///
/// The variables form ArviZ's group `posterior`, the statistics its group `sample_stats`, under the
/// names that ArviZ knows: `lp`, `acceptance_rate`, `step_size`, and for Hamiltonian kernels
/// `energy`, `diverging`, `n_steps` and `tree_depth`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_energy::Gaussian;
/// use ebm_mcmc::{Key, Nuts, Sampler};
///
/// let target = Gaussian { mean: 0.0, std: 1.0 };
/// let start = Tensor::<2>::zeros([4, 3], &Device::flex());
/// let samples = Sampler::new(Nuts::new(0.8), &target, start, Key::new(0)).sample(50)?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// samples.export().write_json(&path.join("draws.json"))?;
/// samples.export().write_npz(&path.join("draws.npz"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Export<'a> {
    posterior: Vec<(&'a str, &'a Draws)>,
    sample_stats: Vec<(&'static str, &'a Draws, Kind)>,
}

/// The type of the elements of a statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Count,
    Truth,
}

impl<'a> Export<'a> {
    /// Creates an export of named variables.
    pub fn new(variables: impl IntoIterator<Item = (&'a str, &'a Draws)>) -> Self {
        Self { posterior: variables.into_iter().collect(), sample_stats: Vec::new() }
    }

    /// Returns the export with the statistics of the transitions that led to the draws.
    pub fn with_transitions(mut self, transitions: &'a Transitions) -> Self {
        let Transitions { log_density, acceptance, step_size, trajectories } = transitions;
        let mut add = |name, draws: Option<&'a Draws>, kind| {
            self.sample_stats.extend(draws.map(|draws| (name, draws, kind)));
        };
        add("lp", log_density.as_ref(), Kind::Number);
        add("acceptance_rate", acceptance.as_ref(), Kind::Number);
        add("step_size", step_size.as_ref(), Kind::Number);
        if let Some(trajectories) = trajectories {
            add("energy", Some(&trajectories.hamiltonian), Kind::Number);
            add("diverging", Some(&trajectories.divergent), Kind::Truth);
            add("n_steps", Some(&trajectories.steps), Kind::Count);
            let depth = trajectories.depth.as_ref().map(|(depth, _)| depth);
            add("tree_depth", depth, Kind::Count);
        }
        self
    }

    /// Writes an uncompressed `.npz` with an array `[chain, draw, …]` for each variable, under its
    /// name, and for each statistic, as `sample_stats/NAME`.
    ///
    /// In Python, with NumPy and ArviZ (`from_dict(**groups)` before ArviZ 1, `from_dict(groups)`
    /// from then on):
    ///
    /// ```python
    /// groups = {"posterior": {}, "sample_stats": {}}
    /// for name, array in numpy.load("draws.npz").items():
    ///     group, _, name = name.rpartition("/")
    ///     groups[group or "posterior"][name] = array
    /// idata = arviz.from_dict(**groups)
    /// print(arviz.summary(idata), arviz.bfmi(idata))
    /// ```
    ///
    /// # Errors
    /// [`ExportError`] if there is no variable, if names or shapes do not fit together, or if the
    /// file cannot be written or would be larger than 4 GiB; then nothing is left, and a former
    /// file stays as it was.
    pub fn write_npz(&self, path: &Path) -> Result<(), ExportError> {
        self.check(path)?;
        write_file_with(path, |file| {
            let mut npz = NpzWriter::new(file);
            for (name, draws) in &self.posterior {
                npz.array(name, draws.shape(), draws.values())?;
            }
            for (name, draws, kind) in &self.sample_stats {
                write_statistic(&mut npz, &format!("sample_stats/{name}"), draws, *kind)?;
            }
            npz.finish()
        })?;
        Ok(())
    }

    /// Writes JSON: `{"posterior": {name: [[[…]]]}, "sample_stats": {name: [[…]]}}`, nested as
    /// `[chain, draw, …]`.
    ///
    /// In Python, with ArviZ (`from_dict(**…)` before ArviZ 1, `from_dict(…)` from then on):
    ///
    /// ```python
    /// idata = arviz.from_dict(**json.load(open("draws.json")))
    /// print(arviz.summary(idata), arviz.bfmi(idata))
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`write_npz`](Self::write_npz), and an error for a value that is NaN
    /// or infinite.
    pub fn write_json(&self, path: &Path) -> Result<(), ExportError> {
        self.check(path)?;
        for (name, draws) in self.variables() {
            if let Some(&value) = draws.values().iter().find(|x| !x.is_finite()) {
                let (path, name) = (path.to_owned(), name.to_owned());
                return Err(ExportError::NotFinite { path, name, value });
            }
        }
        let posterior = self.posterior.iter().map(|&(name, draws)| (name, draws, Kind::Number));
        let groups = Groups {
            posterior: group(posterior),
            sample_stats: group(self.sample_stats.iter().copied()),
        };
        write_file_with(path, |file| Ok(serde_json::to_writer(file, &groups)?))?;
        Ok(())
    }

    fn variables(&self) -> impl Iterator<Item = (&'a str, &'a Draws)> {
        let sample_stats = self.sample_stats.iter().map(|&(name, draws, _)| (name, draws));
        self.posterior.iter().copied().chain(sample_stats)
    }

    fn check(&self, path: &Path) -> Result<(), ExportError> {
        let Some((_, first)) = self.posterior.first() else {
            return Err(ExportError::Nothing { path: path.to_owned() });
        };
        for (i, (name, _)) in self.posterior.iter().enumerate() {
            let twice = self.posterior[..i].iter().any(|(other, _)| other == name);
            if name.is_empty() || name.contains('/') || twice {
                let (path, name) = (path.to_owned(), (*name).to_owned());
                return Err(ExportError::Name { path, name });
            }
        }
        let expected = [first.chains(), first.draws()];
        for (name, draws) in self.variables() {
            let found = [draws.chains(), draws.draws()];
            if found != expected {
                let (path, name) = (path.to_owned(), name.to_owned());
                return Err(ExportError::Shape { path, name, found, expected });
            }
        }
        Ok(())
    }
}

fn write_statistic(
    npz: &mut NpzWriter<impl io::Write>,
    name: &str,
    draws: &Draws,
    kind: Kind,
) -> io::Result<()> {
    let (values, shape) = (draws.values(), draws.shape());
    match kind {
        Kind::Number => npz.array(name, shape, values),
        Kind::Count => {
            let counts: Vec<i64> = values.iter().map(|&value| value as i64).collect();
            npz.array(name, shape, &counts)
        }
        Kind::Truth => {
            let truths: Vec<bool> = values.iter().map(|&value| value > 0.0).collect();
            npz.array(name, shape, &truths)
        }
    }
}

/// The groups of ArviZ.
#[derive(Serialize)]
struct Groups<'a> {
    posterior: Group<'a>,
    #[serde(skip_serializing_if = "Group::is_empty")]
    sample_stats: Group<'a>,
}

fn group<'a>(variables: impl Iterator<Item = (&'a str, &'a Draws, Kind)>) -> Group<'a> {
    let array = |(name, draws, kind): (&'a str, &'a Draws, Kind)| {
        let write = match kind {
            Kind::Number => nested::number,
            Kind::Count => nested::count,
            Kind::Truth => nested::truth,
        };
        (name, Array::new(draws.values(), draws.shape(), write))
    };
    Group::new(variables.map(array).collect())
}

#[cfg(test)]
mod tests;
