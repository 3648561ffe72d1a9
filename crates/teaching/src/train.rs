//! The training loop and its events.

use ebm_noise::{Key, streams};
use ebm_tensor::Condition;

use crate::batch::Batch;
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
    /// Preview samples are drawn, determined by the same key each time.
    Sampled(&'a Samples),
    /// A checkpoint is due.
    CheckpointDue,
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
/// # Errors
/// The first [`TeachingError`], of the trainer or of a listener.
pub fn train(
    trainer: &mut Trainer,
    mut data: impl FnMut(u64) -> Batch,
    shown: Option<&Condition>,
    listeners: &mut [&mut dyn Listener],
) -> Result<Ending, TeachingError> {
    let recipe = trainer.recipe().clone();
    let sampling_key = Key::new(recipe.seed).fold(streams::run::EVALUATION);
    while trainer.iteration() < recipe.iterations {
        let batch = data(trainer.iteration());
        let metrics = trainer.step(batch)?;
        notify(listeners, trainer, Event::Stepped(&metrics))?;
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
            notify(listeners, trainer, Event::CheckpointDue)?;
        }
        if wanted && done < recipe.iterations {
            return Ok(Ending::Stopped);
        }
    }
    Ok(Ending::Finished)
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
