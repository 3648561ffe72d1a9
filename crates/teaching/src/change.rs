//! The change of a key of a recipe.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A change of one key of a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecipeChange {
    /// The path of the key, as in `chains.steps`.
    pub key: String,
    /// The value before, in TOML; `none` where there was none.
    pub before: String,
    /// The value after, in TOML; `none` where there is none.
    pub after: String,
}

impl fmt::Display for RecipeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} → {}", self.key, self.before, self.after)
    }
}
