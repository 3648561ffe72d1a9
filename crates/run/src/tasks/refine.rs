//! Langevin refinement of samples, step by step.

use burn::tensor::Tensor;
use ebm::metrics::Spread;
use ebm::teaching::SampleRequest;
use ebm::tensor::{Examples, values_f64};
use serde::Serialize;

use crate::conditions::ConditionChoice;
use crate::plots::{Curve, draw};
use crate::{OutputFolder, Result, TrainedRun};

/// The options of [`TrainedRun::refine`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefineOptions {
    /// The number of chains.
    pub count: usize,
    /// The number of columns of the film strip, x₀ and x_T included; each state appears once at
    /// most.
    pub frames: usize,
    /// The number of Langevin steps; `None` for the recipe's `chains.sampling_steps`.
    pub steps: Option<usize>,
    /// The conditions of a conditional run.
    pub condition: ConditionChoice,
}

impl RefineOptions {
    /// Creates options for `count` chains and a film strip of 11 columns.
    pub fn new(count: usize) -> Self {
        Self { count, frames: 11, steps: None, condition: ConditionChoice::default() }
    }
}

/// The course of Langevin chains.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refinement {
    /// The states of all chains at evenly spaced steps, each `[count, channels, height, width]`.
    pub strip: Vec<Tensor<4>>,
    /// The energies at each step, x₀ and x_T included.
    pub energies: Vec<StepEnergies>,
}

/// The energies of all chains at one step: a line of `energies.jsonl`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepEnergies {
    /// The number of Langevin steps before.
    pub step: usize,
    /// The mean over the chains.
    pub mean: f64,
    /// The energy U of each chain.
    pub energies: Vec<f64>,
}

impl TrainedRun {
    /// Refines samples by Langevin steps and records states and energies on the way.
    ///
    /// # Errors
    /// [`RunError::Teaching`](crate::RunError::Teaching) without an energy or if a chain diverges,
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for conditions that the run does not
    /// have.
    pub fn refine(&self, options: &RefineOptions) -> Result<Refinement> {
        let (trainer, count) = (self.trainer(), options.count);
        let steps = self.steps(options.steps);
        let condition = self.conditions(count, &options.condition)?;
        let request = SampleRequest::new(count, self.key()).given(condition.clone()).steps(steps);
        let samples = trainer.sample(request.film_strip(count, options.frames))?;
        let mut energies = samples.energies.map(values_f64).unwrap_or_default();
        let refined = Examples { images: samples.refined, condition };
        energies.extend(values_f64(trainer.energies(refined)?));
        let steps = energies.chunks(count).enumerate().map(|(step, energies)| StepEnergies {
            step,
            mean: Spread::of(energies).mean,
            energies: energies.to_vec(),
        });
        Ok(Refinement { strip: samples.strip, energies: steps.collect() })
    }
}

impl Refinement {
    /// Writes `strip.png`, `strip.npy`, `energies.jsonl` and `energies.svg`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        out.strip("strip", &self.strip)?;
        let strip: Tensor<5> = Tensor::stack(self.strip.clone(), 1);
        out.array("strip", &strip)?;
        out.lines("energies", &self.energies)?;
        out.text("energies.svg", self.plot()?)
    }

    /// Draws the mean, highest and lowest energy of the chains against the step, as SVG.
    ///
    /// # Errors
    /// [`RunError::Render`](crate::RunError::Render)
    pub fn plot(&self) -> Result<String> {
        let curve = |name, value: fn(&StepEnergies) -> f64| Curve {
            name,
            points: self.energies.iter().map(|line| (line.step as f64, value(line))).collect(),
        };
        let curves = [
            curve("mean", |line| line.mean),
            curve("highest", |line| {
                line.energies.iter().copied().fold(f64::NEG_INFINITY, f64::max)
            }),
            curve("lowest", |line| line.energies.iter().copied().fold(f64::INFINITY, f64::min)),
        ];
        draw("Langevin step", "U of the chains", &curves)
    }
}
