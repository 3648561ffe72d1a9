//! Metrics of an iteration.

use ebm_mcmc::Health;
use serde::{Deserialize, Serialize};

/// The metrics of one iteration of Algorithm 1. Means are over the batch or the chains; a field is
/// `None` where the student has no such quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// The iteration, from 0.
    pub iteration: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The mean of f_θ(x) over the data, before the update.
    pub f_data: Option<f64>,
    /// The mean of f_θ(x̃) over the refined samples, before the update.
    pub f_samples: Option<f64>,
    /// The energy's loss, mean f(x̃) − mean f(x) (eq. 3). Near zero, samples and data look alike to
    /// f.
    pub energy_loss: Option<f64>,
    /// The mean of log(1 + exp(f(x, c′) − f(x, c))) over the data, with
    /// `optimiser.condition_weight`: log 2 where f does not depend on c.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_loss: Option<f64>,
    /// The mean of ‖x̃ − g(z)‖², summed over pixels.
    pub reconstruction: Option<f64>,
    /// The mean of KL(q(z|x̃) ‖ p(z)), in nats, or of an estimate of it.
    pub kl: Option<f64>,
    /// The loss of the student's networks: reconstruction + w · kl (eq. 6) of a VAE, reconstruction
    /// / (2σ₂²) of a generator.
    pub vae_loss: Option<f64>,
    /// The mean of ‖x̃ − x₀‖, the distance that chains move. It falls as the student catches up
    /// with the energy.
    pub displacement: f64,
    /// The mean of ‖x̃ − x₀‖².
    pub displacement_squared: f64,
    /// The mean of the secant curvature times the step along the chains; see
    /// [`Health`](ebm_mcmc::Health).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stiffness: Option<f64>,
    /// The mean length of the drift of a Langevin step, ‖∇U‖·δ²/2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<f64>,
    /// The mean probability with which the rule of Metropolis and Hastings would accept a Langevin
    /// step, for chains with noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<f64>,
    /// The largest curvature of U at data, times the step δ²/2: the mean over a few images, every
    /// `guard.every` iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curvature_data: Option<f64>,
    /// The same at refined samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curvature_samples: Option<f64>,
    /// The learning rate of the energy without its decay, with `[optimiser.control]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_rate: Option<f64>,
    /// The weight decay of the energy that `[optimiser.control]` adds to the recipe's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_weight_decay: Option<f64>,
    /// The number of times that training has returned to an earlier checkpoint.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub roll_backs: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The curvature × step of an energy at data and at samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curvatures {
    pub(crate) data: f64,
    pub(crate) samples: f64,
}

impl StepMetrics {
    /// Adds the measures of chains and of the energy.
    pub(crate) fn with_health(
        self,
        health: Option<Health>,
        curvatures: Option<Curvatures>,
    ) -> Self {
        Self {
            stiffness: health.map(|health| health.stiffness),
            drift: health.map(|health| health.drift),
            acceptance: health.and_then(|health| health.acceptance),
            curvature_data: curvatures.map(|curvatures| curvatures.data),
            curvature_samples: curvatures.map(|curvatures| curvatures.samples),
            ..self
        }
    }
}
