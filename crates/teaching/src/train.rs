//! The training loop and its events.

use std::path::PathBuf;

use ebm_noise::{Key, streams};
use ebm_tensor::Condition;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::guard::Alarm;
use crate::recipe::GuardPolicy;
use crate::samples::{SampleRequest, Samples};
use crate::trainer::Trainer;
use crate::{StepMetrics, TeachingError};

/// The number of images in a film strip of the refinement, and of frames of each.
const STRIP: [usize; 2] = [8, 11];

/// An event of training.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An iteration is done.
    Stepped(&'a StepMetrics),
    /// Preview samples were drawn, determined by the same key each time.
    Sampled(&'a Samples),
    /// A checkpoint is due.
    CheckpointDue,
    /// A metric has left the limits of `[guard]`.
    Alarm(&'a Alarm),
    /// Training has returned to an earlier checkpoint, at which the trainer is now.
    RolledBack(&'a RollBack),
}

/// A return of training to an earlier checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RollBack {
    /// The alarm or the error that led to it.
    pub reason: String,
    /// The number of iterations made before it.
    pub from: u64,
    /// The number of iterations made at the checkpoint; 0 for the start of the run.
    pub to: u64,
    /// The number of roll-backs so far, this one included.
    pub number: u32,
    /// The learning rate of the energy after it.
    pub energy_learning_rate: f64,
}

/// A receiver of events: a progress bar, a file of metrics, a report.
pub trait Listener {
    /// Handles an event.
    ///
    /// # Errors
    /// An error stops training.
    fn on(
        &mut self,
        trainer: &Trainer,
        event: Event<'_>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// Returns the checkpoint that was written after so many iterations, if the listener keeps it.
    fn checkpoint(&self, _iteration: u64) -> Option<PathBuf> {
        None
    }

    /// Returns whether training should end now, with a checkpoint. It is called after each
    /// iteration.
    fn wants_end(&self) -> bool {
        false
    }
}

/// The way in which training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The last iteration of the recipe is done.
    Finished,
    /// A listener ended it before; its checkpoint has been announced.
    Stopped,
}

/// Trains from the current iteration to the last one of the recipe, or until a listener ends it.
///
/// `data` returns the batch of an iteration. `shown` are the conditions of the preview samples of a
/// conditional model, as many as the recipe's `evaluation.images`.
///
/// Alarms lead to what the recipe's `guard.policy` says. A roll-back needs a listener that keeps
/// checkpoints; without one, or before the first, training starts from the beginning.
///
/// # Errors
/// [`RecipeError::Supports`](crate::RecipeError::Supports) before anything is done, or the first
/// [`TeachingError`], of the trainer or of a listener; an error of chains or losses is one
/// more reason for a roll-back, if the policy is to roll back.
pub fn train(
    trainer: &mut Trainer,
    mut data: impl FnMut(u64) -> Batch,
    shown: Option<&Condition>,
    listeners: &mut [&mut dyn Listener],
) -> Result<Ending, TeachingError> {
    let recipe = trainer.recipe().clone();
    recipe.check_supports()?;
    let sampling_key = Key::new(recipe.seed).fold(streams::run::EVALUATION);
    while trainer.iteration() < recipe.iterations {
        let batch = data(trainer.iteration());
        let reason = match trainer.step(batch) {
            Ok(metrics) => {
                notify(listeners, trainer, Event::Stepped(&metrics))?;
                act_on_alarm(trainer, listeners)?
            }
            Err(error) if error.is_divergence() && may_roll_back(trainer) => {
                Some(error.to_string())
            }
            Err(error) => return Err(error),
        };
        if let Some(reason) = reason {
            roll_back(trainer, listeners, reason)?;
            continue;
        }
        let done = trainer.iteration();
        let due = |every: u64| done.is_multiple_of(every) || done == recipe.iterations;
        if due(recipe.evaluation.every) {
            let request = SampleRequest::new(recipe.evaluation.images, sampling_key)
                .given(shown.cloned())
                .film_strip(STRIP[0], STRIP[1]);
            let samples = trainer.sample(request)?;
            notify(listeners, trainer, Event::Sampled(&samples))?;
        }
        let wanted = listeners.iter().any(|listener| listener.wants_end());
        if due(recipe.evaluation.checkpoint_every) || wanted {
            trainer.guard.note_checkpoint(done);
            notify(listeners, trainer, Event::CheckpointDue)?;
        }
        if wanted && done < recipe.iterations {
            return Ok(Ending::Stopped);
        }
    }
    Ok(Ending::Finished)
}

/// Tells listeners about the alarm of the last iteration, if there is one, and returns the reason
/// for a roll-back.
fn act_on_alarm(
    trainer: &Trainer,
    listeners: &mut [&mut dyn Listener],
) -> Result<Option<String>, TeachingError> {
    let Some(alarm) = trainer.alarm() else { return Ok(None) };
    notify(listeners, trainer, Event::Alarm(&alarm))?;
    match trainer.recipe().guard.policy {
        GuardPolicy::Off | GuardPolicy::Warn => Ok(None),
        GuardPolicy::RollBack if may_roll_back(trainer) => Ok(Some(alarm.to_string())),
        GuardPolicy::RollBack | GuardPolicy::Stop => {
            Err(TeachingError::Unhealthy { alarm, roll_backs: trainer.roll_backs() })
        }
    }
}

fn may_roll_back(trainer: &Trainer) -> bool {
    let guard = &trainer.recipe().guard;
    guard.policy == GuardPolicy::RollBack && trainer.roll_backs() < guard.roll_backs
}

fn roll_back(
    trainer: &mut Trainer,
    listeners: &mut [&mut dyn Listener],
    reason: String,
) -> Result<(), TeachingError> {
    let from = trainer.iteration();
    let good = trainer.guard.good;
    let kept = |iteration| listeners.iter().find_map(|listener| listener.checkpoint(iteration));
    let checkpoint = good.and_then(|good| kept(good).or_else(|| trainer.checkpoint_beside(good)));
    trainer.roll_back(checkpoint.as_deref())?;
    let (to, number) = (trainer.iteration(), trainer.roll_backs());
    let energy_learning_rate = trainer.energy_learning_rate();
    let event = RollBack { reason, from, to, number, energy_learning_rate };
    notify(listeners, trainer, Event::RolledBack(&event))
}

fn notify(
    listeners: &mut [&mut dyn Listener],
    trainer: &Trainer,
    event: Event<'_>,
) -> Result<(), TeachingError> {
    listeners
        .iter_mut()
        .try_for_each(|listener| listener.on(trainer, event))
        .map_err(TeachingError::Listener)
}
