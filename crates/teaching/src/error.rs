//! Errors of recipes and of runs.

use std::io;
use std::path::PathBuf;

use ebm_layers::NetworkError;
use ebm_mcmc::ChainError;
use ebm_tensor::{ConditionShape, ImageShape};

use crate::change::RecipeChange;
use crate::guard::Alarm;
use crate::part::Part;

/// A recipe that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// A name that is neither an embedded recipe nor a file.
    #[error("there is no recipe {given:?}; embedded are {}, each also as NAME-quick; or give the path of a .toml file", known.join(", "))]
    Unknown {
        /// The name given.
        given: String,
        /// The embedded recipes.
        known: Vec<&'static str>,
    },
    /// A file that cannot be read.
    #[error("cannot read the recipe {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A text that is not TOML, an unknown or missing key, or a value of the wrong type.
    #[error("the recipe {origin} is not valid: {message}")]
    Parse {
        /// The file or the name of the embedded recipe.
        origin: String,
        /// The problem and its place.
        message: String,
    },
    /// A value outside its range.
    #[error("{field} is {given}; it must be {expected}")]
    Range {
        /// The path of the key.
        field: String,
        /// The value, as text.
        given: String,
        /// The allowed values.
        expected: String,
    },
    /// A key that belongs to another kind of student or condition.
    #[error("{table}.{key} does not belong to {table}.kind = \"{kind}\", {}", whose_keys(keys))]
    ForeignKey {
        /// The table.
        table: &'static str,
        /// The key.
        key: String,
        /// The kind.
        kind: String,
        /// The keys that belong to the kind.
        keys: &'static [&'static str],
    },
    /// A key whose value cannot change in the course of a run.
    #[error(
        "{} cannot change from {} to {} in the course of a run: {reason}. Leave it as it is, or \
         start a new run",
        change.key, change.before, change.after
    )]
    Fixed {
        /// The key and its values.
        change: RecipeChange,
        /// The reason.
        reason: &'static str,
    },
    /// A table whose keys are missing, unknown or of a wrong type.
    #[error("[{table}]: {message}")]
    Table {
        /// The table.
        table: &'static str,
        /// The problem.
        message: String,
    },
    /// Data with noise and chains that are bounded differently.
    #[error(
        "data.noise_std = {noise_std} with data.walls = {data:?} and chains.walls = {chains:?}: data \
         lie where no sample can be, or the reverse, and the energy would grow steeper without \
         end. Set both to \"none\", both to \"clamp\" or both to \"reflect\" (or \
         chains.allow_mismatch = true to see it happen)"
    )]
    Supports {
        /// The standard deviation of the noise.
        noise_std: f64,
        /// The walls for data, as in a recipe.
        data: &'static str,
        /// The walls for chains.
        chains: &'static str,
    },
    /// A network that cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// An error of training, or of a task on a trained model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TeachingError {
    /// A recipe that cannot be used.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The chains diverged.
    #[error("iteration {iteration}: {source}")]
    Chain {
        /// The iteration, from 0.
        iteration: u64,
        /// The step and the problem.
        source: ChainError,
    },
    /// A loss that is NaN or infinite; the parameters were not updated with it.
    #[error(
        "iteration {iteration}: the {loss} loss is {value}; training stopped before using it. \
         Lower the learning rate or the step size"
    )]
    NotFinite {
        /// The iteration, from 0.
        iteration: u64,
        /// The loss: "energy", "condition" or "VAE".
        loss: &'static str,
        /// The value.
        value: f64,
    },
    /// Training that left the limits of `[guard]`, whose policy is to stop, or to roll back no more
    /// often.
    #[error(
        "{alarm}, and guard.policy is to stop{}: {}",
        after_roll_backs(*roll_backs),
        alarm.metric.remedy()
    )]
    Unhealthy {
        /// The metric, its value and its limit.
        alarm: Alarm,
        /// The number of roll-backs before.
        roll_backs: u32,
    },
    /// A batch of another shape than the networks were built for.
    #[error("a batch of shape {given:?} was given; the networks take images of {expected}")]
    Shape {
        /// The batch's shape.
        given: [usize; 4],
        /// The shape of the images that the networks were built for.
        expected: ImageShape,
    },
    /// The conditions are missing, of another shape, or of no use.
    #[error("{}; the run takes {}", conditions(given), conditions(expected))]
    Condition {
        /// The number and the shape of the conditions, if there are any.
        given: Option<(usize, ConditionShape)>,
        /// The number and the shape that the batch and the recipe require, if they require any.
        expected: Option<(usize, ConditionShape)>,
    },
    /// A task that needs a part which the run's student does not have.
    #[error(
        "this needs {part}, which a run with student.kind = \"{student}\" lacks; {} have it",
        having.join(", ")
    )]
    Missing {
        /// The part that is needed.
        part: Part,
        /// The kind of the run's student.
        student: String,
        /// The kinds of students that have it.
        having: Vec<&'static str>,
    },
    /// A checkpoint that cannot be written or read.
    #[error("checkpoint {}: {message}", path.display())]
    Checkpoint {
        /// The checkpoint's folder or file.
        path: PathBuf,
        /// The problem and its remedy.
        message: String,
    },
    /// A failure of a listener, such as a file that it cannot write.
    #[error("{0}")]
    Listener(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl TeachingError {
    /// Returns whether training itself failed: chains or a loss that are not finite.
    pub(crate) fn is_divergence(&self) -> bool {
        matches!(self, Self::Chain { .. } | Self::NotFinite { .. })
    }
}

impl RecipeError {
    /// Returns `Ok` if `ok`, which says whether the value of `field` is `expected`.
    ///
    /// # Errors
    /// [`RecipeError::Range`] otherwise.
    pub fn check(
        field: &str,
        given: impl ToString,
        ok: bool,
        expected: impl Into<String>,
    ) -> Result<(), Self> {
        if ok {
            return Ok(());
        }
        let (given, expected) = (given.to_string(), expected.into());
        Err(Self::Range { field: field.into(), given, expected })
    }

    /// Checks that a value is positive and finite.
    ///
    /// # Errors
    /// [`RecipeError::Range`] otherwise.
    pub fn check_positive(field: &str, value: f64) -> Result<(), Self> {
        Self::check(field, value, value > 0.0 && value.is_finite(), "positive and finite")
    }

    /// Checks that a value is 0 or positive, and finite.
    ///
    /// # Errors
    /// [`RecipeError::Range`] otherwise.
    pub fn check_not_negative(field: &str, value: f64) -> Result<(), Self> {
        Self::check(field, value, (0.0..f64::INFINITY).contains(&value), "0 or more, finite")
    }

    /// Checks that a value is in [0, 1].
    ///
    /// # Errors
    /// [`RecipeError::Range`]
    pub fn check_share(field: &str, value: f64) -> Result<(), Self> {
        Self::check(field, value, (0.0..=1.0).contains(&value), "in [0, 1]")
    }

    /// Checks that a count is within its limits.
    ///
    /// # Errors
    /// [`RecipeError::Range`] otherwise.
    pub fn check_count(
        field: &str,
        value: u64,
        limits: std::ops::RangeInclusive<u64>,
    ) -> Result<(), Self> {
        let ok = limits.contains(&value);
        Self::check(field, value, ok, format!("in {}..={}", limits.start(), limits.end()))
    }

    /// Checks that the decay of an average, if there is one, is in [0, 1).
    ///
    /// # Errors
    /// [`RecipeError::Range`] otherwise.
    pub fn check_decay(field: &str, decay: Option<f64>) -> Result<(), Self> {
        let decay = decay.unwrap_or(0.0);
        Self::check(field, decay, (0.0..1.0).contains(&decay), "in [0, 1)")
    }
}

fn after_roll_backs(number: u32) -> String {
    match number {
        0 => String::new(),
        _ => format!(" after {number} roll-backs"),
    }
}

fn whose_keys(keys: &[&str]) -> String {
    match keys {
        [] => "which has no other keys".into(),
        keys => format!("whose keys are {}", keys.join(", ")),
    }
}

fn conditions(given: &Option<(usize, ConditionShape)>) -> String {
    match given {
        None => "no conditions".into(),
        Some((count, shape)) => format!("{count} conditions ({shape})"),
    }
}

impl From<NetworkError> for TeachingError {
    fn from(error: NetworkError) -> Self {
        Self::Recipe(error.into())
    }
}
