//! `[evaluation]`: what is looked at on the way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is looked at on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRecipe {
    /// Iterations between image grids.
    pub every: u64,
    /// Iterations between checkpoints.
    pub checkpoint_every: u64,
    /// Images in a grid.
    pub images: usize,
}
