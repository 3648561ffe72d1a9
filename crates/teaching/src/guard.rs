//! The guard: metrics of training against the limits of the recipe.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::StepMetrics;
use crate::recipe::{GuardPolicy, GuardRecipe};

/// The number of earlier means that growth is measured against, and the number that it needs.
const HISTORY: usize = 20;
const LEAST_HISTORY: usize = 5;

/// A metric that has left the limits of healthy training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alarm {
    /// The metric.
    pub metric: GuardedMetric,
    /// The number of iterations made when the alarm was raised.
    pub iteration: u64,
    /// The value: of a check, a mean over the iterations since the check before.
    pub value: f64,
    /// The limit that it has crossed.
    pub limit: f64,
}

/// A metric that the guard compares with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GuardedMetric {
    /// The largest curvature of U at data or samples, times the step.
    Curvature,
    /// The acceptance of Langevin steps.
    Acceptance,
    /// |mean f(x̃) − mean f(x)|.
    EnergyGap,
    /// |f|, the mean of data and samples.
    Output,
}

impl GuardedMetric {
    const ALL: [Self; 4] = [Self::Curvature, Self::Acceptance, Self::EnergyGap, Self::Output];

    /// Returns what to change in the recipe.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Curvature => {
                "lower optimiser.energy_learning_rate, let it decay (optimiser.decay), or hold the \
                 curvature ([optimiser.control])"
            }
            Self::Acceptance => {
                "lower chains.step_size, or make the energy smoother: energy.bend, \
                 data.noise_std"
            }
            Self::EnergyGap => {
                "samples no longer follow the energy: give chains more steps (chains.steps), lower \
                 optimiser.energy_learning_rate, and bound data and chains alike (chains.walls)"
            }
            Self::Output => {
                "raise optimiser.energy_regulariser, or lower optimiser.energy_learning_rate"
            }
        }
    }
}

impl fmt::Display for GuardedMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Curvature => "curvature × step",
            Self::Acceptance => "the acceptance of Langevin steps",
            Self::EnergyGap => "the growth of the energy gap",
            Self::Output => "the growth of |f|",
        })
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, iteration, value, limit } = self;
        let side = if *metric == GuardedMetric::Acceptance { "below" } else { "above" };
        write!(f, "iteration {iteration}: {metric} is {value:.3}, {side} its limit {limit}")
    }
}

/// The state of the guard, which is part of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Guard {
    /// The sums since the last check.
    window: Window,
    /// The means of earlier checks.
    gaps: VecDeque<f64>,
    outputs: VecDeque<f64>,
    /// The number of checks in a row beyond each limit, in the order of [`GuardedMetric::ALL`].
    beyond: [u32; 4],
    /// The metrics whose alarm has been raised and that have not returned since.
    raised: [bool; 4],
    /// The number of roll-backs.
    pub(crate) roll_backs: u32,
    /// The iteration of the last checkpoint that was written within all limits.
    pub(crate) good: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    iterations: u64,
    gap: f64,
    output: f64,
    acceptance: f64,
}

impl Guard {
    /// Takes the metrics of one iteration and returns the alarm that they raise.
    pub(crate) fn observe(&mut self, metrics: &StepMetrics, recipe: &GuardRecipe) -> Option<Alarm> {
        let (Some(data), Some(samples)) = (metrics.f_data, metrics.f_samples) else { return None };
        if recipe.policy == GuardPolicy::Off {
            return None;
        }
        self.window.iterations += 1;
        self.window.gap += samples - data;
        self.window.output += 0.5 * (samples.abs() + data.abs());
        self.window.acceptance += metrics.acceptance.unwrap_or(1.0);
        let curvature = metrics.curvature_data.zip(metrics.curvature_samples)?;
        let Window { iterations, gap, output, acceptance } = std::mem::take(&mut self.window);
        let mean = |sum: f64| sum / iterations as f64;
        let (gap, output) = (mean(gap).abs(), mean(output));
        let growth =
            [(&self.gaps, gap), (&self.outputs, output)].map(|(past, now)| growth(past, now));
        let curvature = curvature.0.max(curvature.1);
        let checks = [
            (curvature, recipe.curvature, curvature > recipe.curvature),
            (mean(acceptance), recipe.acceptance, mean(acceptance) < recipe.acceptance),
            (growth[0], recipe.growth, growth[0] > recipe.growth),
            (growth[1], recipe.growth, growth[1] > recipe.growth),
        ];
        for (past, value) in [(&mut self.gaps, gap), (&mut self.outputs, output)] {
            past.push_back(value);
            if past.len() > HISTORY {
                past.pop_front();
            }
        }
        let mut alarm = None;
        for (index, (value, limit, beyond)) in checks.into_iter().enumerate() {
            self.beyond[index] = if beyond { self.beyond[index] + 1 } else { 0 };
            let raise = self.beyond[index] >= recipe.patience && !self.raised[index];
            self.raised[index] = beyond && (raise || self.raised[index]);
            if raise {
                let (metric, iteration) = (GuardedMetric::ALL[index], metrics.iteration + 1);
                alarm = alarm.or(Some(Alarm { metric, iteration, value, limit }));
            }
        }
        alarm
    }

    /// Notes that a checkpoint is about to be written.
    pub(crate) fn note_checkpoint(&mut self, iteration: u64) {
        if self.is_quiet() {
            self.good = Some(iteration);
        }
    }

    /// Returns whether no metric is beyond its limit.
    fn is_quiet(&self) -> bool {
        self.beyond == [0; 4]
    }

    /// Returns this state as that after a number of roll-backs.
    pub(crate) fn rolled_back(self, roll_backs: u32) -> Self {
        Self { roll_backs, ..self }
    }
}

/// Returns the ratio of a mean to the median of earlier ones; 0 while there are few of these.
fn growth(past: &VecDeque<f64>, now: f64) -> f64 {
    if past.len() < LEAST_HISTORY {
        return 0.0;
    }
    let mut sorted: Vec<f64> = past.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    // Values near 0 are noise, of which no multiple is growth.
    now / sorted[sorted.len() / 2].max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: GuardRecipe = GuardRecipe {
        policy: GuardPolicy::Warn,
        every: 2,
        patience: 2,
        curvature: 1.0,
        acceptance: 0.1,
        growth: 10.0,
        roll_backs: 1,
        rate_factor: 0.5,
    };

    /// One check: two iterations, the second of which measures the curvature.
    fn check(
        guard: &mut Guard,
        curvature: f64,
        gap: f64,
        acceptance: f64,
    ) -> Option<GuardedMetric> {
        let mut metrics = StepMetrics {
            f_data: Some(3.0),
            f_samples: Some(3.0 + gap),
            acceptance: Some(acceptance),
            ..StepMetrics::default()
        };
        assert_eq!(guard.observe(&metrics, &RECIPE), None, "between checks");
        (metrics.curvature_data, metrics.curvature_samples) = (Some(curvature), Some(0.1));
        guard.observe(&metrics, &RECIPE).map(|alarm| alarm.metric)
    }

    #[test]
    fn one_noisy_check_raises_nothing_and_an_alarm_is_raised_once() {
        let guard = &mut Guard::default();
        let curvatures = [0.3, 1.5, 0.4, 1.5, 1.6, 1.7, 0.5, 1.2, 1.3];
        let alarms = curvatures.map(|curvature| check(guard, curvature, -1.0, 0.5).is_some());
        // Again after it has returned into its limits.
        assert_eq!(alarms, [false, false, false, false, true, false, false, false, true]);
        assert!(!guard.is_quiet());
        check(guard, 0.2, -1.0, 0.5);
        assert!(guard.is_quiet());
    }

    #[test]
    fn growth_is_relative_to_the_past() {
        let guard = &mut Guard::default();
        // The gap rises to 100 at first, as it may, then stays.
        for gap in [-1.0, -50.0, -100.0, -100.0, -90.0, -110.0, -100.0, -150.0] {
            assert_eq!(check(guard, 0.1, gap, 0.5), None);
        }
        // The sign does not matter, the size does: the median of the past is 100.
        assert_eq!(check(guard, 0.1, 1500.0, 0.5), None);
        assert_eq!(check(guard, 0.1, 4000.0, 0.5), Some(GuardedMetric::EnergyGap));
    }

    #[test]
    fn low_acceptance_is_an_alarm() {
        let guard = &mut Guard::default();
        assert_eq!(check(guard, 0.1, 1.0, 0.05), None);
        assert_eq!(check(guard, 0.1, 1.0, 0.06), Some(GuardedMetric::Acceptance));
        let text =
            Alarm { metric: GuardedMetric::Acceptance, iteration: 7, value: 0.06, limit: 0.1 };
        let expected =
            "iteration 7: the acceptance of Langevin steps is 0.060, below its limit 0.1";
        assert_eq!(text.to_string(), expected);
    }

    #[test]
    fn the_state_survives_toml() {
        let mut guard = Guard::default();
        for gap in [1.0, 0.1, 1e7] {
            check(&mut guard, 2.0, gap, 0.3);
        }
        let text = toml::to_string(&guard).expect("TOML");
        assert_eq!(toml::from_str::<Guard>(&text).expect("the same"), guard);
    }
}
