//! `[chains]`: the Langevin chains that sample the energy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The chains that sample the energy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainRecipe {
    /// The number ñ of parallel chains; it may differ from the batch.
    pub count: usize,
    /// The number T of Langevin steps in training.
    pub steps: usize,
    /// The step size δ (eq. 2).
    pub step_size: f64,
    /// Whether δ·ε is added. The released code leaves it out.
    pub noise: bool,
    /// The epoch from which noise is left out all the same, as in the conditional sibling of the
    /// released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_until_epoch: Option<u64>,
    /// The standard deviation σ₁ of the Gaussian reference term (eq. 1); none leaves the term out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_std: Option<f64>,
    /// The temperature: chains sample exp(−U/temperature). Programs whose step and noise do not
    /// belong together do the same: a drift s·∇U with noise of standard deviation r is δ = r at
    /// temperature r²/(2s).
    #[serde(default = "one")]
    pub temperature: f64,
    /// The limit that each coordinate of ∇U is clipped to, before the temperature; none in the
    /// released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip: Option<f64>,
    /// Whether states are kept in [−1, 1] along the chain; the released code does so only for
    /// preview samples.
    #[serde(default)]
    pub clamp: bool,
    /// The number T of Langevin steps for preview samples and for samples that are measured.
    pub sampling_steps: usize,
}

fn one() -> f64 {
    1.0
}
