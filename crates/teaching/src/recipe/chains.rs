//! `[chains]`: how the energy is sampled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the energy is sampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainRecipe {
    /// ñ, chains in parallel; it may differ from the batch.
    pub count: usize,
    /// T, Langevin steps in training.
    pub steps: usize,
    /// δ (eq. 2).
    pub step_size: f64,
    /// Whether δ·ε is added. The released code leaves it out.
    pub noise: bool,
    /// The epoch from which noise is left out nevertheless, as in the conditional sibling of the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_until_epoch: Option<u64>,
    /// σ₁ of the Gaussian reference term (eq. 1); none leaves the term out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_std: Option<f64>,
    /// Chains sample exp(−U/temperature): what other programs write as a step and a noise that do not belong
    /// together. Drift s·∇U with noise of standard deviation r is δ = r, temperature r²/(2s).
    #[serde(default = "one")]
    pub temperature: f64,
    /// Each coordinate of ∇U is clipped to ± this, before the temperature; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip: Option<f64>,
    /// States are kept in [−1, 1] along the chain; the released code does so only where samples are shown.
    #[serde(default)]
    pub clamp: bool,
    /// T for samples that are shown or measured.
    pub sampling_steps: usize,
}

fn one() -> f64 {
    1.0
}
