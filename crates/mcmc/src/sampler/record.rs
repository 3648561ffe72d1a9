//! The statistics of transitions, gathered draw by draw.

use burn::tensor::Tensor;
use ebm_tensor::values_f64;

use crate::chain::ChainError;
use crate::diagnostics::{Draws, DrawsError, Trajectories, Transitions};
use crate::samples::Samples;
use crate::statistics::{Statistics, Trajectory};

/// One number for each chain and draw, `[chain, draw]`.
struct Series {
    values: Vec<f64>,
    draws: usize,
}

impl Series {
    fn new(chains: usize, draws: usize) -> Self {
        Self { values: vec![0.0; chains * draws], draws }
    }

    /// Combines the values of a draw with one number for each chain.
    fn combine(&mut self, draw: usize, each: &[f64], combine: impl Fn(f64, f64) -> f64) {
        let of_draw = self.values.iter_mut().skip(draw).step_by(self.draws);
        of_draw.zip(each).for_each(|(value, each)| *value = combine(*value, *each));
    }

    fn set(&mut self, draw: usize, each: &[f64]) {
        self.combine(draw, each, |_, each| each);
    }

    fn into_draws(self) -> Result<Draws, DrawsError> {
        let shape = [self.values.len() / self.draws, self.draws];
        Draws::new(self.values, &shape)
    }
}

/// The statistics of Hamiltonian trajectories.
struct TrajectoryRecord {
    hamiltonian: Series,
    divergent: Series,
    steps: Series,
    depth: Option<(Series, usize)>,
}

/// The contents of [`Samples`] besides the draws.
pub(super) struct Record {
    chains: usize,
    draws: usize,
    energies: Series,
    log_density: Option<Series>,
    acceptance: Option<Series>,
    /// For each draw, how many transitions reported an acceptance.
    reports: Vec<usize>,
    /// Sums of acceptances of each chain.
    accepted: Vec<f64>,
    step_size: Option<Series>,
    trajectories: Option<TrajectoryRecord>,
}

impl Record {
    pub(super) fn new(chains: usize, draws: usize) -> Self {
        Self {
            chains,
            draws,
            energies: Series::new(chains, draws),
            log_density: None,
            acceptance: None,
            reports: vec![0; draws],
            accepted: vec![0.0; chains],
            step_size: None,
            trajectories: None,
        }
    }

    /// Adds one of the transitions that lead to a draw.
    pub(super) fn transition(&mut self, draw: usize, statistics: &Statistics) {
        let (chains, draws) = (self.chains, self.draws);
        let series = || Series::new(chains, draws);
        if let Some(each) = &statistics.acceptance {
            let each = values_f64(each.clone());
            self.accepted.iter_mut().zip(&each).for_each(|(sum, each)| *sum += each);
            self.acceptance.get_or_insert_with(series).combine(draw, &each, |a, b| a + b);
            self.reports[draw] += 1;
        }
        if let Some(step_size) = statistics.step_size {
            self.step_size.get_or_insert_with(series).set(draw, &vec![step_size; chains]);
        }
        let Some(trajectory) = &statistics.trajectory else { return };
        let record = self.trajectories.get_or_insert_with(|| TrajectoryRecord {
            hamiltonian: series(),
            divergent: series(),
            steps: series(),
            depth: trajectory.tree.as_ref().map(|tree| (series(), tree.max_depth)),
        });
        record.add(draw, trajectory);
    }

    /// Adds the energies where the last transition to a draw began, and those of the draw itself.
    pub(super) fn draw(&mut self, draw: usize, before: &[f64], after: Option<&Tensor<1>>) {
        self.energies.set(draw, before);
        if let Some(after) = after {
            let log_density = values_f64(after.clone().neg());
            let series = || Series::new(self.chains, self.draws);
            self.log_density.get_or_insert_with(series).set(draw, &log_density);
        }
    }

    pub(super) fn finish(self, draws: Draws) -> Result<Samples, ChainError> {
        let reports = self.reports.iter().sum::<usize>() as f64;
        let acceptance = if reports > 0.0 {
            self.accepted.into_iter().map(|sum| sum / reports).collect()
        } else {
            Vec::new()
        };
        let mut transitions = Transitions {
            log_density: self.log_density.map(Series::into_draws).transpose()?,
            acceptance: None,
            step_size: self.step_size.map(Series::into_draws).transpose()?,
            trajectories: self.trajectories.map(TrajectoryRecord::finish).transpose()?,
        };
        if let Some(mut series) = self.acceptance
            && self.reports.iter().all(|&reports| reports > 0)
        {
            for (draw, &reports) in self.reports.iter().enumerate() {
                series.combine(draw, &vec![reports as f64; self.chains], |sum, n| sum / n);
            }
            transitions.acceptance = Some(series.into_draws()?);
        }
        Ok(Samples { draws, energies: self.energies.into_draws()?, acceptance, transitions })
    }
}

impl TrajectoryRecord {
    fn add(&mut self, draw: usize, trajectory: &Trajectory) {
        self.hamiltonian.set(draw, &values_f64(trajectory.hamiltonian.clone()));
        self.divergent.combine(draw, &values_f64(trajectory.divergent.clone()), f64::max);
        self.steps.combine(draw, &values_f64(trajectory.steps.clone()), |a, b| a + b);
        if let (Some((series, _)), Some(tree)) = (&mut self.depth, &trajectory.tree) {
            series.combine(draw, &values_f64(tree.depth.clone()), f64::max);
        }
    }

    fn finish(self) -> Result<Trajectories, DrawsError> {
        let [hamiltonian, divergent, steps] =
            [self.hamiltonian, self.divergent, self.steps].map(Series::into_draws);
        let trajectories = Trajectories::new(hamiltonian?, divergent?, steps?);
        Ok(match self.depth {
            Some((depth, max_depth)) => trajectories.with_depth(depth.into_draws()?, max_depth),
            None => trajectories,
        })
    }
}
