//! The loop around the trainer, and the events that leave it.

use ebm_noise::{Key, streams};
use ebm_tensor::Condition;

use crate::batch::Batch;
use crate::trainer::{SampleRequest, Samples, Trainer};
use crate::{StepMetrics, TeachingError};

/// Images in a film strip of the Langevin refinement, and states of each.
const STRIP: [usize; 2] = [8, 11];

/// What happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An iteration was made.
    Stepped(&'a StepMetrics),
    /// Samples of the model, from the same latent codes each time.
    Sampled(&'a Samples),
    /// It is time for a checkpoint.
    CheckpointDue,
}

/// Hears what happens in training: a progress bar, a file of metrics, a report.
pub trait Listener {
    /// # Errors
    /// An error stops training.
    fn on(
        &mut self,
        trainer: &Trainer,
        event: Event<'_>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// Whether training should end now, with a checkpoint; asked after each iteration.
    fn wants_end(&self) -> bool {
        false
    }
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At the recipe's last iteration.
    Finished,
    /// Before, because a listener wanted it; a checkpoint is due where it stands.
    Stopped,
}

/// Trains until the recipe's last iteration, from where the trainer stands, or until a listener wants an end. `data`
/// gives the batch of an iteration; `shown` are the conditions of the samples that listeners see, as many as the
/// recipe's `evaluation.images`, for a conditional model.
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
        tell(listeners, trainer, Event::Stepped(&metrics))?;
        let done = trainer.iteration();
        let due = |every: u64| done.is_multiple_of(every) || done == recipe.iterations;
        if due(recipe.evaluation.every) {
            let request = SampleRequest::new(recipe.evaluation.images, sampling_key)
                .given(shown.cloned())
                .film_strip(STRIP[0], STRIP[1]);
            let samples = trainer.sample(request)?;
            tell(listeners, trainer, Event::Sampled(&samples))?;
        }
        let wanted = listeners.iter().any(|listener| listener.wants_end());
        if due(recipe.evaluation.checkpoint_every) || wanted {
            tell(listeners, trainer, Event::CheckpointDue)?;
        }
        if wanted && done < recipe.iterations {
            return Ok(Ending::Stopped);
        }
    }
    Ok(Ending::Finished)
}

fn tell(
    listeners: &mut [&mut dyn Listener],
    trainer: &Trainer,
    event: Event<'_>,
) -> Result<(), TeachingError> {
    listeners
        .iter_mut()
        .try_for_each(|listener| listener.on(trainer, event))
        .map_err(TeachingError::Listener)
}
