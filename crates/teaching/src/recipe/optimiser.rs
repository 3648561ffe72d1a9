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
    /// β₁ for the energy, if it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_beta_1: Option<f32>,
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
    /// The decoupled weight decay λ of the energy's weights (Loshchilov and Hutter 2019), biases
    /// left out: after each step they are multiplied by 1 − rate·λ.
    #[serde(default)]
    pub energy_weight_decay: f64,
    /// The limit of the largest singular value of each hidden layer of the energy, to which a
    /// weight is scaled down after a step that took it beyond. The head has no limit and so carries
    /// the scale of f: spectral normalisation with a learned scale, by projection. None in the
    /// released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spectral_limit: Option<f64>,
    /// The weight w of the term w·mean log(1 + exp(f(x, c′) − f(x, c))) in a conditional energy's
    /// loss, where c′ is the condition of the next image: without it f(x, c) cannot be compared
    /// between conditions.
    #[serde(default)]
    pub condition_weight: f64,
    /// The decay d of the average θ̄ ← d·θ̄ + (1 − d)·θ of the energy's weights, which preview
    /// samples and measures then use; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f64>,
    /// A control of the energy's curvature; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlRecipe>,
}

/// A control that holds the largest curvature × step of the energy, as `[guard]` measures it, at or
/// below a set point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ControlRecipe {
    /// The set point of curvature × step.
    pub curvature: f64,
    /// The quantity that is changed.
    #[serde(default)]
    pub by: Actuator,
    /// The gain: after each measurement the learning rate is multiplied by (set point /
    /// curvature)^gain, or the weight decay becomes 5·gain·log(curvature/(0.7·set point)), within
    /// their limits.
    #[serde(default = "gain")]
    pub gain: f64,
}

/// The quantity that a control changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Actuator {
    /// The learning rate of the energy, between a hundredth of the recipe's and all of it.
    #[default]
    LearningRate,
    /// A weight decay besides the recipe's, up to [`MOST_DECAY`](crate::MOST_DECAY): slopes come
    /// down again instead of only rising more slowly.
    WeightDecay,
}

fn gain() -> f64 {
    1.0
}

impl OptimiserRecipe {
    /// Returns the configuration of Adam for the energy.
    pub fn energy_adam(&self) -> AdamConfig {
        self.adam().with_beta_1(self.energy_beta_1.unwrap_or(self.beta_1))
    }

    /// Returns the configuration of Adam for the student.
    pub fn adam(&self) -> AdamConfig {
        AdamConfig::new()
            .with_beta_1(self.beta_1)
            .with_beta_2(self.beta_2)
            .with_epsilon(self.epsilon)
    }
}
