//! What a conditional run is given when something is asked of it.

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use clap::Args;
use ebm::tensor::Condition;

use super::{DataArguments, Examples, Task};

/// The stream of conditions, within a task's.
const CONDITIONS: u64 = 101;

#[derive(Args)]
pub(crate) struct ConditionArguments {
    /// The class to sample, of a run that learned classes [default: each in turn].
    #[arg(long)]
    class: Option<u8>,
    #[command(flatten)]
    data: DataArguments,
}

impl ConditionArguments {
    /// The class asked for.
    pub(crate) fn class(&self) -> Option<u8> {
        self.class
    }

    pub(crate) fn data(&self) -> &DataArguments {
        &self.data
    }
}

impl Task {
    /// The conditions of `count` samples: the class that is asked for, else each in turn; or those of images of the
    /// data set. `None` for an unconditional run.
    pub(crate) fn conditions(
        &self,
        count: usize,
        asked: &ConditionArguments,
    ) -> Result<Option<Condition>> {
        let Some(condition) = &self.trainer.recipe().condition else {
            if asked.class.is_some() {
                bail!(
                    "--class is given, but the run learned no classes (its recipe has no [condition])"
                );
            }
            return Ok(None);
        };
        if let Some(classes) = condition.classes() {
            let labels: Vec<u8> = match asked.class {
                Some(class) if usize::from(class) < classes => vec![class; count],
                Some(class) => {
                    bail!("--class is {class}; the run has the classes 0 to {}", classes - 1)
                }
                None => (0..count).map(|i| (i % classes) as u8).collect(),
            };
            return Ok(Some(Condition::one_hot(&labels, classes, self.trainer.device())));
        }
        if asked.class.is_some() {
            bail!("--class is given, but the run's condition is an image");
        }
        let examples = self.examples(&asked.data)?;
        let (indices, images) = examples.spread(count, self.trainer.device());
        let condition = self.conditions_of(&examples, &indices, &images)?;
        // There may be fewer images than samples.
        Ok(condition.map(|condition| condition.cycle(count)))
    }

    /// The conditions that belong to images of these numbers; `None` for an unconditional run.
    pub(crate) fn conditions_of(
        &self,
        examples: &Examples,
        indices: &[usize],
        images: &Tensor<4>,
    ) -> Result<Option<Condition>> {
        let Some(condition) = &self.trainer.recipe().condition else { return Ok(None) };
        let key = self.key.fold(CONDITIONS);
        let other = examples.others(indices, self.trainer.device());
        Ok(other
            .map(Condition::Image)
            .or_else(|| condition.of(images, &examples.labels(indices), key)))
    }

    /// Refuses a conditional run, for what has a meaning without conditions only.
    pub(crate) fn unconditional(&self, instead: &str) -> Result<()> {
        match self.trainer.recipe().condition {
            None => Ok(()),
            Some(_) => bail!("this is for runs without a condition; {instead}"),
        }
    }
}
