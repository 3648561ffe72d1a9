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
    /// images: at least 500, or 0 for none.
    #[serde(default)]
    pub final_samples: usize,
    /// The features of those measures, as `ebm eval --features` takes them; none for those of the
    /// data set's built-in classifier. Without either nothing is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<String>,
    /// Whether those measures have a VAE beside them that learns from the data alone, with the
    /// settings of a variational student and for as many iterations, after the run.
    #[serde(default)]
    pub vae_alone: bool,
}
