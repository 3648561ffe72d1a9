//! `[optimiser]`: Adam and the learning rates.

use burn::optim::AdamConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of Adam for both models, and of the decay of both learning rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptimiserRecipe {
    /// The learning rate of the energy at epoch 0.
    pub energy_learning_rate: f64,
    /// The learning rate of the student's networks at epoch 0.
    pub vae_learning_rate: f64,
    /// The exponential decay rate β₁ of Adam's first moment.
    pub beta_1: f32,
    /// The exponential decay rate β₂ of Adam's second moment.
    pub beta_2: f32,
    /// The constant ε that Adam adds to the denominator.
    pub epsilon: f32,
    /// The decay: both learning rates are multiplied by decay^(epoch / decay_epochs).
    pub decay: f64,
    /// The number of epochs of one `decay`.
    pub decay_epochs: f64,
    /// The number of iterations of one decay, which replaces `decay_epochs`: learning rates are
    /// multiplied by decay^(iteration / decay_iterations). For runs of few epochs, whose number
    /// rises in steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay_iterations: Option<u64>,
    /// The weight α of the term α·(mean f(x̃)² + mean f(x)²) in the energy's loss (Du and Mordatch
    /// 2019); the released code has none.
    #[serde(default)]
    pub energy_regulariser: f64,
    /// The weight w of the term w·mean log(1 + exp(f(x, c′) − f(x, c))) in a conditional energy's
    /// loss, where c′ is the condition of the next image: without it f(x, c) cannot be compared
    /// between conditions.
    #[serde(default)]
    pub condition_weight: f64,
    /// The decay d of the average θ̄ ← d·θ̄ + (1 − d)·θ of the energy's weights, which preview
    /// samples and measures then use; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f64>,
}

impl OptimiserRecipe {
    /// Returns the configuration of Adam, which both models have in common.
    pub fn adam(&self) -> AdamConfig {
        AdamConfig::new()
            .with_beta_1(self.beta_1)
            .with_beta_2(self.beta_2)
            .with_epsilon(self.epsilon)
    }
}
