//! The health of an energy in training: how stiff it is for the step of its chains.

use ebm_energy::{Energy, prepare};
use ebm_mcmc::Health;
use ebm_mcmc::diagnostics::{PowerIteration, largest_curvature};
use ebm_networks::FrozenNetwork;
use ebm_noise::Key;
use ebm_noise::streams::iteration as stream;
use ebm_tensor::{Examples, scalar};

use crate::TeachingError;
use crate::metrics::Curvatures;
use crate::part::Part;
use crate::recipe::GuardPolicy;
use crate::trainer::{Trainer, paste};

/// The number of images at which training measures the curvature.
const IMAGES: usize = 8;
/// The number of iterations of the power iteration in training.
const ITERATIONS: usize = 10;
/// The same for an examination.
const EXAMINED_ITERATIONS: usize = 20;
/// The least distance over which gradients are differenced, of chains that hardly move.
const LEAST_RADIUS: f64 = 1e-3;
/// The largest, which is less than the distance between two images.
const LARGEST_RADIUS: f64 = 1.0;

impl Trainer {
    /// Returns the curvature × step at data and samples, if this iteration is one that measures it.
    pub(crate) fn curvatures(
        &self,
        theta: &FrozenNetwork<'_>,
        health: Option<Health>,
        [data, samples]: [&Examples; 2],
        key: Key,
    ) -> Option<Curvatures> {
        let guard = &self.recipe.guard;
        let due = (self.iteration + 1).is_multiple_of(guard.every);
        if guard.policy == GuardPolicy::Off || !due {
            return None;
        }
        let radius = self.move_length(health);
        let at = |examples: &Examples| {
            let count = IMAGES.min(examples.len());
            self.curvature(theta, examples.clone().narrow(0, count), radius, ITERATIONS, key)
        };
        Some(Curvatures { data: at(data), samples: at(samples) })
    }

    /// Returns the mean over images of the largest curvature of the model, times the step.
    pub(crate) fn curvature(
        &self,
        theta: &FrozenNetwork<'_>,
        examples: Examples,
        radius: f64,
        iterations: usize,
        key: Key,
    ) -> f64 {
        let Examples { images, condition } = examples;
        let free = self.held(condition.as_ref()).map(|held| held.mask.neg() + 1.0);
        let model = self.model_of(theta, condition);
        let mut settings = PowerIteration::default();
        (settings.iterations, settings.radius) = (iterations, radius);
        let curvatures = largest_curvature(&*prepare(&model), images, free, settings, key);
        let step = 0.5 * self.recipe.chains.step_size.powi(2);
        curvatures.iter().sum::<f64>() / curvatures.len() as f64 * step
    }

    /// Returns the length of a chain's move: that of its noise, or without noise that of its drift.
    fn move_length(&self, health: Option<Health>) -> f64 {
        let noise = self.recipe.chains.step_size * (self.image().len() as f64).sqrt();
        let length = match (self.recipe.noise_at(self.epoch), health) {
            (false, Some(health)) => health.drift,
            _ => noise,
        };
        length.clamp(LEAST_RADIUS, LARGEST_RADIUS)
    }
}

/// The health of a model at a batch of data, and at the ends of chains as training runs them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Examination {
    /// The mean over the data of the largest curvature of U, times the step.
    pub curvature_data: f64,
    /// The same over the ends of the chains.
    pub curvature_samples: f64,
    /// The measures along the chains; `None` for chains of a single step.
    pub health: Option<Health>,
    /// The mean of f over the data.
    pub f_data: f64,
    /// The mean of f over the ends of the chains.
    pub f_samples: f64,
}

impl Trainer {
    /// Examines the energy in training, with data as training sees them and chains from where the
    /// student starts them.
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without an energy, [`TeachingError::Shape`],
    /// [`TeachingError::Condition`], [`TeachingError::Chain`].
    pub fn examine(&self, data: Examples, key: Key) -> Result<Examination, TeachingError> {
        self.check(&data)?;
        if !self.has_energy() {
            return Err(self.missing(Part::Energy));
        }
        let held = self.held(data.condition.as_ref());
        let data = self.with_noise(data, held.as_ref(), key.fold(stream::DATA_NOISE));
        let condition = data.condition.clone();
        let initial = self.initial_states(&data, data.len(), key.fold(stream::PROPOSAL));
        let start = paste(held.as_ref(), initial.states);
        let theta = self.energy().frozen();
        let model = self.model_of(&theta, condition.clone());
        let steps = self.training_steps(key);
        let end = self.chains(Some(model), start, held, steps, |_, _| {})?;
        let radius = self.move_length(end.health);
        let samples = Examples::new(end.samples, condition.clone());
        let curvature = |examples: &Examples| {
            let key = key.fold(stream::CURVATURE);
            self.curvature(&theta, examples.clone(), radius, EXAMINED_ITERATIONS, key)
        };
        let network = theta.given(condition);
        let f = |examples: &Examples| -scalar(network.energy(examples.images.clone()).mean());
        Ok(Examination {
            curvature_data: curvature(&data),
            curvature_samples: curvature(&samples),
            health: end.health,
            f_data: f(&data),
            f_samples: f(&samples),
        })
    }
}
