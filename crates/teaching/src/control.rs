//! A control of the energy's curvature by its learning rate or its weight decay.

use serde::{Deserialize, Serialize};

use crate::StepMetrics;
use crate::recipe::{Actuator, ControlRecipe};

/// The least factor of the learning rate.
const LEAST_FACTOR: f64 = 0.01;
/// The largest weight decay of a control.
pub const MOST_DECAY: f64 = 30.0;
/// The largest change of the learning rate in one measurement.
const MOST_CHANGE: f64 = 2.0;
/// The share of the set point from which on there is a weight decay.
const ONSET: f64 = 0.7;
/// The weight decay, with a gain of 1, at e times the curvature of its onset.
const DECAY: f64 = 5.0;

/// The quantities that a control changes, part of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Control {
    /// The factor of the energy's learning rate.
    pub(crate) rate_factor: f64,
    /// The weight decay of the energy besides the recipe's.
    pub(crate) weight_decay: f64,
}

impl Default for Control {
    fn default() -> Self {
        Self { rate_factor: 1.0, weight_decay: 0.0 }
    }
}

impl Control {
    /// Takes the metrics of one iteration, which have the curvature if it was measured.
    pub(crate) fn observe(&mut self, metrics: &StepMetrics, recipe: Option<&ControlRecipe>) {
        let Some(recipe) = recipe else { return };
        let curvatures = metrics.curvature_data.zip(metrics.curvature_samples);
        let Some((data, samples)) = curvatures else { return };
        let excess = data.max(samples) / recipe.curvature;
        match recipe.by {
            Actuator::LearningRate => {
                let change = excess.powf(recipe.gain).clamp(1.0 / MOST_CHANGE, MOST_CHANGE);
                self.rate_factor = (self.rate_factor / change).clamp(LEAST_FACTOR, 1.0);
            }
            // Proportional: a sum over time would swing, as the curvature is one already.
            Actuator::WeightDecay => {
                let decay = recipe.gain * DECAY * (excess / ONSET).ln();
                self.weight_decay = decay.clamp(0.0, MOST_DECAY);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A curvature that grows by 10 % between measurements at the full rate, and shrinks with the
    /// weight decay, is held near the set point by either quantity: by the rate it only rises ever
    /// more slowly.
    #[test]
    fn a_growing_curvature_is_held() {
        for (by, tolerance) in [(Actuator::LearningRate, 2.5), (Actuator::WeightDecay, 1.6)] {
            let recipe = ControlRecipe { curvature: 0.4, by, gain: 1.0 };
            let (mut control, mut curvature, mut most) = (Control::default(), 0.1_f64, 0.0_f64);
            for _ in 0..300 {
                let metrics = StepMetrics {
                    curvature_data: Some(curvature),
                    curvature_samples: Some(0.0),
                    ..StepMetrics::default()
                };
                control.observe(&metrics, Some(&recipe));
                curvature *= (0.1 * control.rate_factor - 0.05 * control.weight_decay).exp();
                most = most.max(curvature);
            }
            assert!(most < 0.4 * tolerance && curvature > 0.3, "{by:?}: {most}, {curvature}");
        }
    }

    #[test]
    fn without_a_recipe_or_a_measurement_nothing_changes() {
        let recipe = ControlRecipe { curvature: 0.4, by: Actuator::LearningRate, gain: 0.5 };
        let mut control = Control::default();
        let mut metrics = StepMetrics::default();
        control.observe(&metrics, Some(&recipe));
        (metrics.curvature_data, metrics.curvature_samples) = (Some(9.0), Some(9.0));
        control.observe(&metrics, None);
        assert_eq!(control, Control::default());
        control.observe(&metrics, Some(&recipe));
        assert_eq!(control.rate_factor, 0.5, "at most halved");
    }
}
