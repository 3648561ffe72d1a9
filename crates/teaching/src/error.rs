//! What can go wrong in a recipe and in a run.

use std::io;
use std::path::PathBuf;

use ebm_layers::NetworkError;
use ebm_mcmc::ChainError;

/// A recipe that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// Neither an embedded recipe nor a file.
    #[error("there is no recipe {given:?}; embedded are {}, each also as NAME-quick; or give the path of a .toml file", known.join(", "))]
    Unknown {
        /// The name given.
        given: String,
        /// The embedded recipes.
        known: Vec<&'static str>,
    },
    /// The file cannot be read.
    #[error("cannot read the recipe {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not TOML, an unknown or missing key, or a value of the wrong type.
    #[error("the recipe {origin} is not valid: {message}")]
    Parse {
        /// The file or the name of the embedded recipe.
        origin: String,
        /// What is wrong and where.
        message: String,
    },
    /// A value outside its range.
    #[error("{field} is {given}; it must be {expected}")]
    Range {
        /// The field.
        field: &'static str,
        /// The value given.
        given: String,
        /// The range.
        expected: String,
    },
    /// A network that cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// Why training stopped before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TeachingError {
    /// The recipe cannot be used.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The chains of an iteration ran away.
    #[error("iteration {iteration}: {source}")]
    Chain {
        /// The iteration, from 0.
        iteration: u64,
        /// At which step, and how.
        source: ChainError,
    },
    /// A loss is NaN or infinite; the parameters were not updated with it.
    #[error(
        "iteration {iteration}: the {loss} loss is {value}; training stopped before using it. \
         Lower the learning rate or the step size"
    )]
    NotFinite {
        /// The iteration, from 0.
        iteration: u64,
        /// "energy" or "VAE".
        loss: &'static str,
        /// The value.
        value: f64,
    },
    /// A batch of another shape than the networks were built for.
    #[error("a batch of shape {given:?} was given; the networks take [batch, {}, {}, {}]", expected[0], expected[1], expected[2])]
    Shape {
        /// The batch's shape.
        given: [usize; 4],
        /// Channels, height and width.
        expected: [usize; 3],
    },
    /// Conditions that are missing, of another shape, or not wanted.
    #[error("{}; the run takes {}", conditions("conditions", given), conditions("ones", expected))]
    Condition {
        /// Their shape, if there are any.
        given: Option<[usize; 4]>,
        /// The shape that the recipe's condition has for the batch, if there is one.
        expected: Option<[usize; 4]>,
    },
    /// Something is asked of a run that its student does not have.
    #[error("this needs {part}, which a run with student.kind = {student} lacks; {takes} have it")]
    Missing {
        /// "an energy", "a decoder" or "an encoder that learned".
        part: &'static str,
        /// The student's kind, as in recipes.
        student: String,
        /// The students that have it.
        takes: &'static str,
    },
    /// A checkpoint cannot be written or read.
    #[error("checkpoint {}: {message}", path.display())]
    Checkpoint {
        /// The checkpoint's folder or file.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// A listener could not do its work (write a file, say).
    #[error("{0}")]
    Listener(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn conditions(what: &str, shape: &Option<[usize; 4]>) -> String {
    shape.map_or_else(|| "no conditions".into(), |shape| format!("{what} of shape {shape:?}"))
}

impl From<NetworkError> for TeachingError {
    fn from(error: NetworkError) -> Self {
        Self::Recipe(error.into())
    }
}
