//! `[evaluation]`: previews and checkpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of previews and checkpoints during training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRecipe {
    /// The number of iterations between previews.
    pub every: u64,
    /// The number of iterations between checkpoints.
    pub checkpoint_every: u64,
    /// The number of preview samples.
    pub images: usize,
    /// The number of samples that are measured at the end of a run, against the data set's test
    /// images in the features of its built-in classifier: at least 500, or 0 for none. Data sets
    /// without such a classifier are not measured.
    #[serde(default)]
    pub final_samples: usize,
}
