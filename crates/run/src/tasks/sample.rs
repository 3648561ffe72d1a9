//! Samples of a trained model, before and after Langevin refinement.

use burn::tensor::Tensor;
use ebm::teaching::SampleRequest;
use ebm::tensor::{Condition, Examples, values_f64};
use serde::Serialize;

use crate::class_accuracy::ClassAccuracy;
use crate::conditions::ConditionChoice;
use crate::{OutputFolder, Result, TrainedRun};

/// The options of [`TrainedRun::sample`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SampleOptions {
    /// The number of samples.
    pub count: usize,
    /// The number of Langevin steps; `None` for the recipe's `chains.sampling_steps`.
    pub steps: Option<usize>,
    /// The conditions of a conditional run.
    pub condition: ConditionChoice,
}

impl SampleOptions {
    /// Creates options for `count` samples.
    pub fn new(count: usize) -> Self {
        Self { count, steps: None, condition: ConditionChoice::default() }
    }

    /// Sets the number of Langevin steps.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = Some(steps);
        self
    }

    /// Sets the conditions of a conditional run.
    pub fn with_condition(mut self, condition: ConditionChoice) -> Self {
        self.condition = condition;
        self
    }
}

/// A set of samples of a trained model.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DrawnSamples {
    /// The initial states x₀ of the student, `[count, channels, height, width]`.
    pub start: Tensor<4>,
    /// The refined samples x_T, after the Langevin steps; `None` without an energy.
    pub refined: Option<Tensor<4>>,
    /// The conditions of a conditional run.
    pub condition: Option<Condition>,
    /// The energies of x₀ and x_T of each chain; empty without an energy.
    pub energies: Vec<SampleEnergies>,
    /// The fractions of x₀ and of x_T that show the class of their condition, where a classifier is
    /// built in.
    pub class_accuracy: Vec<(&'static str, f64)>,
}

/// The energies of one chain: a line of `energies.jsonl`.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct SampleEnergies {
    /// The number of the sample, from 0.
    pub sample: usize,
    /// The energy U(x₀) of the initial state.
    pub x0: f64,
    /// The energy U(x_T) of the refined sample.
    pub refined: f64,
}

impl TrainedRun {
    /// Draws samples.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for conditions that the run does not
    /// have, [`RunError::Teaching`](crate::RunError::Teaching) if a chain diverges.
    pub fn sample(&self, options: &SampleOptions) -> Result<DrawnSamples> {
        let trainer = self.trainer();
        let steps = self.steps(options.steps);
        let condition = self.conditions(options.count, &options.condition)?;
        let request = SampleRequest::new(options.count, self.key());
        let samples = trainer.sample(request.given(condition.clone()).steps(steps))?;
        let start = samples.start;
        let refined = self.has_energy().then_some(samples.refined);
        let mut class_accuracy = Vec::new();
        if let (Some(accuracy), Some(condition)) =
            (ClassAccuracy::for_recipe(trainer.recipe(), trainer.device())?, &condition)
        {
            class_accuracy.push(("x0", accuracy.measure(&start, condition)?));
            if let Some(refined) = &refined {
                class_accuracy.push(("refined", accuracy.measure(refined, condition)?));
            }
        }
        let energies = match &refined {
            None => Vec::new(),
            Some(refined) => {
                let of = |x: &Tensor<4>| {
                    trainer.energies(Examples { images: x.clone(), condition: condition.clone() })
                };
                let [before, after] = [of(&start)?, of(refined)?].map(values_f64);
                let pairs = before.into_iter().zip(after).enumerate();
                pairs
                    .map(|(sample, (x0, refined))| SampleEnergies { sample, x0, refined })
                    .collect()
            }
        };
        Ok(DrawnSamples { start, refined, condition, energies, class_accuracy })
    }
}

impl DrawnSamples {
    /// Writes `x0` and `refined` as pictures and arrays, both as `samples.safetensors`, and
    /// `energies.jsonl`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        let mut arrays = vec![("x0", &self.start)];
        arrays.extend(self.refined.as_ref().map(|refined| ("refined", refined)));
        for (name, array) in &arrays {
            out.grid(name, array)?;
            out.array(name, array)?;
        }
        out.safetensors("samples", &arrays)?;
        if self.refined.is_some() { out.lines("energies", &self.energies) } else { Ok(()) }
    }
}
