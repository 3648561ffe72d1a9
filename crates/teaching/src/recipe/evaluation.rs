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
}
