//! `[evaluation]`: previews and checkpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Previews and checkpoints on the way.
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
