//! Errors of runs and of tasks on them.

use std::error::Error;
use std::path::{Path, PathBuf};

use ebm::data::DataError;
use ebm::mcmc::ChainError;
use ebm::metrics::features::FeatureError;
use ebm::metrics::{GridError, MetricsError};
use ebm::teaching::{RecipeError, TeachingError};
use ebm_files::FileError;

/// A result whose error is a [`RunError`] unless another one is named.
pub type Result<T, E = RunError> = std::result::Result<T, E>;

type Source = Box<dyn Error + Send + Sync>;

/// An error of a run or of a task on a trained run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The options do not fit each other, the run or the data.
    #[error("{0}")]
    Unsuitable(String),
    /// The recipe, the training or a checkpoint.
    #[error(transparent)]
    Teaching(#[from] TeachingError),
    /// The data set.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A measure.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A measure on the grid of the plane.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// A feature network.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// A Markov chain outside of training.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A file or folder that cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: Source,
    },
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: Source,
    },
    /// A plot or a page that cannot be rendered.
    #[error("cannot render a plot or a page")]
    Render(#[source] Source),
    /// An error occurred in the stated circumstances.
    #[error("{message}")]
    Context {
        /// The circumstances.
        message: String,
        /// The error.
        source: Box<RunError>,
    },
}

impl RunError {
    /// Returns the error itself, without the circumstances that were added to it.
    pub fn root(&self) -> &Self {
        match self {
            Self::Context { source, .. } => source.root(),
            error => error,
        }
    }

    /// Returns a closure for `map_err` that reports a file or folder which cannot be written.
    pub(crate) fn writing<E: Into<Source>>(path: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::Write { path: path.to_path_buf(), source: source.into() }
    }

    /// Returns a closure for `map_err` that reports a file which cannot be read.
    pub(crate) fn reading<E: Into<Source>>(path: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::Read { path: path.to_path_buf(), source: source.into() }
    }

    /// Adds the circumstances in which the error occurred.
    pub(crate) fn context(self, message: impl Into<String>) -> Self {
        Self::Context { message: message.into(), source: Box::new(self) }
    }
}

impl From<RecipeError> for RunError {
    fn from(error: RecipeError) -> Self {
        Self::Teaching(error.into())
    }
}

impl From<FileError> for RunError {
    fn from(error: FileError) -> Self {
        let path = error.path().to_path_buf();
        match error {
            FileError::Io { action: "open" | "read", cause, .. } => Self::reading(&path)(cause),
            FileError::Io { cause, .. } => Self::writing(&path)(cause),
            other => Self::reading(&path)(other),
        }
    }
}

/// Returns an [`Unsuitable`](RunError::Unsuitable) error with a formatted message.
macro_rules! unsuitable {
    ($($message:tt)*) => {
        return Err($crate::RunError::Unsuitable(format!($($message)*)))
    };
}
pub(crate) use unsuitable;
