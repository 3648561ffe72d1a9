//! The trait of all students, and the types that they exchange with the trainer.

use std::any::Any;

use burn::tensor::Tensor;
use ebm_mcmc::ChainError;
use ebm_networks::Contrast;
use ebm_noise::Key;
use ebm_tensor::Condition;
use ebm_vae::{MixturePrior, Vae};

use crate::TeachingError;
use crate::files::{CheckpointReader, CheckpointWriter};

/// A student starts the chains and may learn from where they end.
///
/// One iteration of [`Trainer::step`](crate::Trainer::step) calls
/// [`initial_states`](Self::initial_states), runs the chains, calls [`update`](Self::update) and,
/// if every loss is finite, [`apply`](Self::apply). All randomness comes from the keys, so that a
/// resumed run equals an unbroken one.
pub trait Student: Send + Sync {
    /// Starts one chain for each of the `count` requested states.
    fn initial_states(&self, request: StartRequest<'_>) -> InitialStates;

    /// Starts chains for preview samples, `[count, channels, height, width]`. Students with
    /// networks use the average of their weights if they keep one; no data are available.
    fn preview_states(&self, count: usize, condition: Option<&Condition>, key: Key) -> Tensor<4>;

    /// Draws codes of preview samples from the prior, `[count, latent]`, if the student has a
    /// decoder.
    fn codes(&self, _count: usize, _condition: Option<&Condition>, _key: Key) -> Option<Tensor<2>> {
        None
    }

    /// Computes the update from the refined samples, without changing anything yet: the trainer
    /// drops an update whose loss is not finite. The default learns nothing.
    ///
    /// # Errors
    /// [`ChainError`] if the student runs chains of its own and they diverge.
    fn update(
        &self,
        _initial: InitialStates,
        _contrast: Contrast,
        _key: Key,
    ) -> Result<Update, ChainError> {
        Ok(Update::nothing())
    }

    /// Applies an update that [`update`](Self::update) returned. The default does nothing.
    fn apply(&mut self, _update: Update, _learning_rate: f64) {}

    /// Returns the auto-encoder in training, if the student has one. A generator's encoder is never
    /// trained.
    fn vae(&self) -> Option<&Vae> {
        None
    }

    /// Returns the decoder that preview samples come from, without autodiff, if the student has
    /// one.
    fn decoder(&self) -> Option<TrainedDecoder> {
        None
    }

    /// Returns the auto-encoder whose encoder has been trained, without autodiff, if the student
    /// has one.
    fn encoder(&self) -> Option<Vae> {
        None
    }

    /// Returns whether all parameters are finite and therefore worth a checkpoint.
    fn is_finite(&self) -> bool {
        true
    }

    /// Writes the state of the student to files of a checkpoint. The default has none.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    fn save(&self, _checkpoint: &mut CheckpointWriter) -> Result<(), TeachingError> {
        Ok(())
    }

    /// Reads the files that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`TeachingError::Checkpoint`], naming the file.
    fn load(&mut self, _checkpoint: &CheckpointReader) -> Result<(), TeachingError> {
        Ok(())
    }
}

/// A request for the initial states of chains in training.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StartRequest<'a> {
    /// The number of chains.
    pub count: usize,
    /// The batch of data, noise included, `[batch, channels, height, width]`.
    pub data: &'a Tensor<4>,
    /// One condition for each chain of a conditional model.
    pub condition: Option<&'a Condition>,
    /// The key of all random numbers.
    pub key: Key,
}

/// The initial states of chains, and the student's memory of them until its update.
#[derive(Debug)]
pub struct InitialStates {
    /// The initial states x₀, `[chains, channels, height, width]`.
    pub states: Tensor<4>,
    memory: Option<Box<dyn Any>>,
}

/// A change of the student that is computed but not applied yet.
#[derive(Debug)]
pub struct Update {
    loss: Option<StudentLoss>,
    change: Option<Box<dyn Any>>,
}

/// The loss of a student's networks and its terms, each a mean over the batch.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct StudentLoss {
    /// The loss that the gradients belong to.
    pub total: f64,
    /// The mean of ‖x − g(z)‖², summed over pixels, of a student that decodes.
    pub reconstruction: Option<f64>,
    /// The mean of KL(q(z|x) ‖ p(z)) in nats, of a student that encodes.
    pub kl: Option<f64>,
}

/// A decoder, with the settings for inferring codes of images by Langevin steps.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainedDecoder {
    /// The networks, without autodiff. The decoder normalises by its current batch.
    pub vae: Vae,
    /// The standard deviation σ₂ of p(x|z) = N(g(z), σ₂²).
    pub std: f64,
    /// The step size δ₂ on codes.
    pub latent_step_size: f64,
    /// The prior p(z); `None` for N(0, I).
    pub prior: Option<MixturePrior>,
}

impl InitialStates {
    /// Creates initial states without memory.
    pub fn new(states: Tensor<4>) -> Self {
        Self { states, memory: None }
    }

    /// Adds a memory for the update, such as latent codes or slots of a buffer.
    pub fn remembering<T: Any>(self, memory: T) -> Self {
        Self { memory: Some(Box::new(memory)), ..self }
    }

    /// Returns the memory.
    ///
    /// # Panics
    /// If there is none of this type.
    pub fn into_memory<T: Any>(self) -> T {
        downcast(self.memory, "initial states")
    }
}

impl Update {
    /// Creates an update that changes nothing.
    pub fn nothing() -> Self {
        Self { loss: None, change: None }
    }

    /// Creates an update that [`Student::apply`] takes apart with
    /// [`into_change`](Self::into_change).
    pub fn new<T: Any>(change: T) -> Self {
        Self { loss: None, change: Some(Box::new(change)) }
    }

    /// Adds the loss of the networks, which the trainer checks and reports.
    pub fn with_loss(self, loss: StudentLoss) -> Self {
        Self { loss: Some(loss), ..self }
    }

    /// Returns the loss of the networks, if there are any.
    pub fn loss(&self) -> Option<&StudentLoss> {
        self.loss.as_ref()
    }

    /// Returns the change.
    ///
    /// # Panics
    /// If there is none of this type.
    pub fn into_change<T: Any>(self) -> T {
        downcast(self.change, "an update")
    }
}

impl StudentLoss {
    /// Creates a loss without terms.
    pub fn new(total: f64) -> Self {
        Self { total, reconstruction: None, kl: None }
    }
}

impl TrainedDecoder {
    /// Creates a decoder of p(x|z) = N(g(z), `std`²) with the prior N(0, I).
    pub fn new(vae: Vae, std: f64, latent_step_size: f64) -> Self {
        Self { vae, std, latent_step_size, prior: None }
    }

    /// Sets the prior of codes; `None` for N(0, I).
    pub fn with_prior(self, prior: Option<MixturePrior>) -> Self {
        Self { prior, ..self }
    }
}

fn downcast<T: Any>(value: Option<Box<dyn Any>>, what: &str) -> T {
    let value = value.and_then(|value| value.downcast().ok());
    *value.unwrap_or_else(|| panic!("{what} of another student: no {}", std::any::type_name::<T>()))
}
