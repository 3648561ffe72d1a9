//! The normalising constant of a run's energy, by annealed importance sampling.

use ebm::energy::Gaussian;
use ebm::mcmc::{Mala, annealed_importance};
use ebm::metrics::Spread;
use ebm::noise::streams;
use ebm::teaching::ConditionRecipe;
use ebm::tensor::values_f64;
use serde::Serialize;

use crate::conditions::ConditionChoice;
use crate::error::unsuitable;
use crate::{OutputFolder, Result, TrainedRun};

/// The options of [`TrainedRun::log_z`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogZOptions {
    /// The number of chains, each of which yields one importance weight.
    pub count: usize,
    /// The number of steps from the Gaussian at which the chains start to the run's energy.
    pub steps: usize,
    /// The step size δ of the Metropolis-adjusted Langevin kernel; `None` for the recipe's
    /// `chains.step_size`.
    pub step_size: Option<f64>,
    /// The conditions of a conditional run, of which log Z is the mean, and the data set.
    pub condition: ConditionChoice,
}

impl LogZOptions {
    /// Creates options for `count` chains of `steps` steps.
    pub fn new(count: usize, steps: usize) -> Self {
        Self { count, steps, step_size: None, condition: ConditionChoice::default() }
    }
}

/// An estimate of log Z and of the likelihood of data, in nats: the content of `log-z.json`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LogZ {
    /// The estimate of log Z.
    pub log_z: f64,
    /// The standard error of the estimate.
    pub standard_error: f64,
    /// The effective number of weights. If there are few, the estimate is too low and its standard
    /// error is unreliable.
    pub effective: f64,
    /// The number of chains.
    pub chains: usize,
    /// The number of steps.
    pub steps: usize,
    /// The step size δ.
    pub step_size: f64,
    /// The name of the data set.
    pub data: String,
    /// The number of images.
    pub images: usize,
    /// The mean of −U(x) − log Z over the data.
    pub log_likelihood: f64,
}

impl TrainedRun {
    /// Estimates log Z, and with it the log-likelihood of data.
    ///
    /// # Errors
    /// [`RunError::Teaching`](crate::RunError::Teaching) without an energy,
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for a run whose chains hold the
    /// observed pixels, [`RunError::Chain`](crate::RunError::Chain) if a chain diverges.
    pub fn log_z(&self, options: &LogZOptions) -> Result<LogZ> {
        let trainer = self.trainer();
        let (shape, device) = (self.image_shape(), trainer.device());
        let chains = &trainer.recipe().chains;
        if trainer.recipe().condition.as_ref().is_some_and(ConditionRecipe::holds) {
            unsuitable!(
                "the chains of this run hold the observed pixels (condition.hold): its energy is a model of the \
                 hidden pixels alone, not of whole images"
            );
        }
        let condition = self.conditions(options.count, &options.condition)?;
        let model = trainer.model(condition)?;
        let step_size = options.step_size.unwrap_or(chains.step_size);
        let (count, steps) = (options.count, options.steps);

        // The reference term, which is part of the run's energy, is a Gaussian of this width.
        // Without it, the chains start at pixels of unit variance.
        let std = chains.reference_std.unwrap_or(1.0) * chains.temperature.sqrt();
        let from = Gaussian { mean: 0.0, std };
        let start = self.key().fold(streams::log_z::START).normal(shape.batch(count), device) * std;
        let key = self.key().fold(streams::log_z::CHAINS);
        let ratio = annealed_importance(&Mala::new(step_size), &from, &model, start, steps, key)?;
        // U₀ = ‖x‖²/(2σ²).
        let log_z0 = 0.5 * shape.len() as f64 * (std::f64::consts::TAU * std * std).ln();
        let log_z = log_z0 + ratio.value;

        let reference = self.reference(&options.condition.data)?;
        let (indices, examples) = reference.spread(count, device);
        let examples = self.conditioned(&reference, &indices, examples);
        let energies = values_f64(trainer.energies(examples)?);
        Ok(LogZ {
            log_z,
            standard_error: ratio.standard_error,
            effective: ratio.effective,
            chains: count,
            steps,
            step_size,
            data: reference.to_string(),
            images: energies.len(),
            log_likelihood: -Spread::of(&energies).mean - log_z,
        })
    }
}

impl LogZ {
    /// Writes `log-z.json`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        out.json("log-z", self)
    }
}
