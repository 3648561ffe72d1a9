//! `[guard]`: the limits of healthy training, and what happens beyond them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limits of healthy training, and what happens beyond them.
///
/// Every `every` iterations, means of the metrics since the last check are compared with the
/// limits. An alarm needs `patience` checks in a row, so that a noisy batch does not raise one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GuardRecipe {
    /// The action that an alarm leads to.
    pub policy: GuardPolicy,
    /// The number of iterations between two checks, each of which measures the largest curvature of
    /// the energy too.
    pub every: u64,
    /// The number of checks in a row beyond a limit that raise an alarm.
    pub patience: u32,
    /// The upper limit of λ·δ²/(2·temperature), the largest curvature of U at data or samples times
    /// the step: above 1 Langevin steps overshoot, above 2 they are unstable, and growth from 0.7
    /// on was seen to go on by itself.
    pub curvature: f64,
    /// The lower limit of the probability with which the rule of Metropolis and Hastings would
    /// accept a Langevin step; only for chains with noise.
    pub acceptance: f64,
    /// The upper limit of the growth of |f| and of |mean f(x̃) − mean f(x)|: the ratio of the mean
    /// since the last check to the median of the twenty means before.
    pub growth: f64,
    /// The largest number of roll-backs; one more stops training.
    pub roll_backs: u32,
    /// The factor of the energy's learning rate after each roll-back.
    pub rate_factor: f64,
}

/// The action that an alarm leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GuardPolicy {
    /// Nothing is measured, and no alarm raised.
    Off,
    /// A warning, once until the metric has returned into its limits.
    #[default]
    Warn,
    /// The end of training with an error; the checkpoints before remain.
    Stop,
    /// A return to the last checkpoint that was written within all limits, with a lower learning
    /// rate of the energy and other random numbers.
    RollBack,
}

impl Default for GuardRecipe {
    fn default() -> Self {
        Self {
            policy: GuardPolicy::Warn,
            every: 100,
            patience: 2,
            curvature: 0.7,
            acceptance: 0.05,
            growth: 10.0,
            roll_backs: 3,
            rate_factor: 0.5,
        }
    }
}
