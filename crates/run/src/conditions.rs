//! The conditions of tasks on a conditional run.

use ebm::noise::streams;
use ebm::tensor::{Condition, Examples};

use crate::Result;
use crate::error::unsuitable;
use crate::reference::{DataChoice, ReferenceData};
use crate::trained::TrainedRun;

/// The conditions of the samples of a conditional run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConditionChoice {
    /// The class, for a run that learned classes; `None` for all classes, one after the other.
    pub class: Option<u8>,
    /// The data whose images are the conditions, for a run whose condition is an image.
    pub data: DataChoice,
}

impl ConditionChoice {
    /// Chooses one class.
    pub fn class(class: u8) -> Self {
        Self { class: Some(class), ..Self::default() }
    }

    /// Sets the data whose images are the conditions.
    pub fn with_data(mut self, data: DataChoice) -> Self {
        self.data = data;
        self
    }
}

impl TrainedRun {
    /// Returns the conditions of `count` samples: the chosen class, else all classes one after the
    /// other; or those of images of the data set. `None` for an unconditional run.
    pub(crate) fn conditions(
        &self,
        count: usize,
        choice: &ConditionChoice,
    ) -> Result<Option<Condition>> {
        let Some(condition) = &self.trainer().recipe().condition else {
            if choice.class.is_some() {
                unsuitable!(
                    "a class was requested, but the run learned no classes (its recipe has no [condition])"
                );
            }
            return Ok(None);
        };
        if let Some(classes) = condition.classes() {
            let labels: Vec<u8> = match choice.class {
                Some(class) if usize::from(class) < classes => vec![class; count],
                Some(class) => {
                    unsuitable!(
                        "class {class} was requested; the run has the classes 0 to {}",
                        classes - 1
                    )
                }
                None => (0..count).map(|i| (i % classes) as u8).collect(),
            };
            return Ok(Some(Condition::one_hot(&labels, classes, self.trainer().device())));
        }
        if choice.class.is_some() {
            unsuitable!("a class was requested, but the run's condition is an image");
        }
        let reference = self.reference(&choice.data)?;
        let (indices, examples) = reference.spread(count, self.trainer().device());
        let condition = self.conditioned(&reference, &indices, examples).condition;
        // There may be fewer images than samples.
        Ok(condition.map(|condition| condition.cycle(count)))
    }

    /// Adds the conditions of the run to images of a data set; pairs have them already. An
    /// unconditional run adds none.
    pub(crate) fn conditioned(
        &self,
        reference: &ReferenceData,
        indices: &[usize],
        examples: Examples,
    ) -> Examples {
        let Some(condition) = &self.trainer().recipe().condition else { return examples };
        let key = self.key().fold(streams::task::CONDITIONS);
        let labels = reference.labels(indices);
        let Examples { images, condition: paired } = examples;
        let condition = paired.or_else(|| condition.of(&images, &labels, key));
        Examples { images, condition }
    }

    /// Refuses a conditional run for a task that is defined without conditions only.
    pub(crate) fn require_unconditional(&self, instead: &str) -> Result<()> {
        match self.trainer().recipe().condition {
            None => Ok(()),
            Some(_) => unsuitable!("this task is for unconditional runs; {instead}"),
        }
    }
}
