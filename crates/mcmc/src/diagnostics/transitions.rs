//! The statistics that were reported by the transitions that led to draws.

use serde::{Deserialize, Serialize};

use super::bfmi::bfmi;
use super::draws::Draws;
use super::null;

/// The smallest BFMI of a chain whose energies mix (Stan's limit).
pub const MIN_BFMI: f64 = 0.3;

/// The statistics of the transitions that led to each draw, `[chain, draw]`.
///
/// Without thinning there is one transition for each draw. With several, these are the mean
/// acceptance, the total of the leapfrog steps, the greatest depth and whether any transition
/// diverged; the other statistics are those of the last transition.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Transitions {
    /// The value of −U at each draw, which is log p up to a constant, for kernels whose states hold
    /// it.
    pub log_density: Option<Draws>,
    /// The probability of acceptance, for kernels that report one for every draw.
    pub acceptance: Option<Draws>,
    /// The step size, for kernels that have one.
    pub step_size: Option<Draws>,
    /// The trajectories, for Hamiltonian kernels.
    pub trajectories: Option<Trajectories>,
}

/// The statistics of the Hamiltonian trajectories that led to each draw, `[chain, draw]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trajectories {
    /// The total energy of each draw with the momentum that it was reached with.
    pub hamiltonian: Draws,
    /// The divergences: 1 where a trajectory diverged, else 0.
    pub divergent: Draws,
    /// The number of leapfrog steps.
    pub steps: Draws,
    /// The depth of the tree and the largest one allowed, for kernels that grow one.
    pub depth: Option<(Draws, usize)>,
}

impl Trajectories {
    /// Creates the statistics of trajectories without trees; all of them are scalars of the same
    /// chains and draws.
    pub fn new(hamiltonian: Draws, divergent: Draws, steps: Draws) -> Self {
        Self { hamiltonian, divergent, steps, depth: None }
    }

    /// Returns the statistics with the depth of each tree and the largest one allowed.
    pub fn with_depth(self, depth: Draws, max_depth: usize) -> Self {
        Self { depth: Some((depth, max_depth)), ..self }
    }

    /// Counts divergences and trees of the largest depth, and computes the BFMI of each chain.
    pub fn summary(&self) -> TrajectorySummary {
        let count = |draws: &Draws, holds: &dyn Fn(f64) -> bool| {
            draws.values().iter().filter(|&&value| holds(value)).count()
        };
        let transitions = self.divergent.values().len();
        let depth = self.depth.as_ref().map(|(depth, max)| DepthSummary {
            mean: depth.values().iter().sum::<f64>() / transitions as f64,
            max: *max,
            at_max: count(depth, &|depth| depth >= *max as f64),
        });
        TrajectorySummary {
            transitions,
            divergent: count(&self.divergent, &|divergent| divergent > 0.0),
            depth,
            bfmi: bfmi(&self.hamiltonian.coordinate(0)),
        }
    }
}

/// A summary of the trajectories of all chains, which shows whether the sampler worked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrajectorySummary {
    /// The number of draws of all chains, which without thinning is that of transitions.
    pub transitions: usize,
    /// The number of draws with a trajectory that diverged.
    pub divergent: usize,
    /// The depth of the trees, for kernels that grow them.
    pub depth: Option<DepthSummary>,
    /// The [`bfmi`] of the total energy in each chain.
    #[serde(deserialize_with = "null::numbers")]
    pub bfmi: Vec<f64>,
}

/// The depth of trees over all chains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DepthSummary {
    /// The mean depth.
    pub mean: f64,
    /// The largest depth allowed.
    pub max: usize,
    /// The number of trees that reached it.
    pub at_max: usize,
}

impl TrajectorySummary {
    /// Creates the summary of trajectories without trees.
    pub fn new(transitions: usize, divergent: usize, bfmi: Vec<f64>) -> Self {
        Self { transitions, divergent, depth: None, bfmi }
    }

    /// Returns whether no trajectory diverged, no tree reached the largest depth, and the BFMI of
    /// every chain is defined and at least [`MIN_BFMI`].
    pub fn healthy(&self) -> bool {
        let at_max = self.depth.as_ref().map_or(0, |depth| depth.at_max);
        self.divergent == 0 && at_max == 0 && self.bfmi.iter().all(|&bfmi| bfmi >= MIN_BFMI)
    }
}

impl std::fmt::Display for TrajectorySummary {
    /// Formats one line for divergences, depths and BFMI each, with advice where there is a
    /// problem.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { transitions, divergent, depth, bfmi } = self;
        let share = |count: usize| 100.0 * count as f64 / *transitions as f64;
        write!(f, "divergences: {divergent} of {transitions} ({:.1} %)", share(*divergent))?;
        if *divergent > 0 {
            write!(
                f,
                "; means are biased, because trajectories cannot enter where the curvature is \
                 large: warm up to a higher acceptance, for smaller steps, or reparameterise"
            )?;
        }
        writeln!(f)?;
        if let Some(DepthSummary { mean, max, at_max }) = depth {
            write!(
                f,
                "tree depth: mean {mean:.1}, limit of {max} reached by {at_max} ({:.1} %)",
                share(*at_max)
            )?;
            if *at_max > 0 {
                write!(
                    f,
                    "; trajectories are cut short: warm up for longer, to learn the mass, or raise \
                     the limit"
                )?;
            }
            writeln!(f)?;
        }
        let each: Vec<String> = bfmi.iter().map(|bfmi| format!("{bfmi:.2}")).collect();
        write!(f, "BFMI: {}", each.join(" "))?;
        let low = bfmi.iter().filter(|&&bfmi| bfmi < MIN_BFMI).count();
        if low > 0 {
            write!(
                f,
                "; below {MIN_BFMI} in {low} of {} chains, which explore energies slowly: \
                 reparameterise heavy tails",
                bfmi.len()
            )?;
        }
        writeln!(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(values: &[f64]) -> Draws {
        Draws::new(values.to_vec(), &[2, values.len() / 2]).expect("two chains")
    }

    #[test]
    fn counts_come_with_advice() {
        let energies = draws(&[0.0, 1.0, 2.0, -1.0, 0.0, 0.1, 3.0, 3.1]);
        let trajectories = Trajectories::new(
            energies,
            draws(&[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
            draws(&[3.0; 8]),
        )
        .with_depth(draws(&[2.0, 2.0, 3.0, 3.0, 2.0, 2.0, 2.0, 2.0]), 3);
        let summary = trajectories.summary();
        assert_eq!((summary.transitions, summary.divergent), (8, 2));
        let depth = summary.depth.as_ref().expect("trees");
        assert_eq!((depth.mean, depth.max, depth.at_max), (2.25, 3, 2));
        // Changes 1, 1, −3 over a variance of 5/3.
        assert!((summary.bfmi[0] - 2.2).abs() < 1e-15, "{summary:?}");
        assert!(!summary.healthy());
        let text = summary.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("divergences: 2 of 8 (25.0 %); means are biased"), "{text}");
        assert!(
            lines[1].starts_with("tree depth: mean 2.2, limit of 3 reached by 2 (25.0 %); "),
            "{text}"
        );
        assert!(lines[2].starts_with("BFMI: 2.20 0.94"), "{text}");
    }

    #[test]
    fn healthy_trajectories_come_without_advice() {
        let energies = draws(&[0.0, 1.0, 2.0, -1.0, 1.0, 0.0, -1.0, 0.5]);
        let zeros = draws(&[0.0; 8]);
        let summary = Trajectories::new(energies, zeros, draws(&[3.0; 8])).summary();
        assert!(summary.healthy() && summary.depth.is_none());
        let text = summary.to_string();
        assert!(text.starts_with("divergences: 0 of 8 (0.0 %)\nBFMI: 2.20 "), "{text}");
        assert!(!text.contains(';'), "{text}");
    }
}
