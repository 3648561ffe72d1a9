//! The data that tasks look at.

use std::fmt;

use anyhow::{Result, bail};
use burn::tensor::{Device, Tensor};
use clap::Args;
use ebm::data::{DataRoot, Density, ImageSet, Selection, Split};
use ebm::noise::Key;
use ebm::teaching::ConditionRecipe;
use ebm::tensor::ImageShape;

use super::Task;
use crate::commands::sets::Sets;
use ebm_run::{labels, open_given, spread, unstack};

/// The stream of draws of a density, within a task's.
const DRAWS: u64 = 100;

#[derive(Args)]
pub(crate) struct DataArguments {
    /// The data set or density to look at [default: the recipe's].
    #[arg(long)]
    set: Option<String>,
    /// The part of the data set: train or test [default: test where there is one].
    #[arg(long, value_parser = parse_split)]
    split: Option<Split>,
    #[command(flatten)]
    sets: Sets,
}

impl DataArguments {
    /// The folder of data sets.
    pub(crate) fn root(&self) -> Result<DataRoot> {
        Ok(self.sets.open()?.0)
    }
}

/// Images or points that a run can be asked about.
pub(crate) enum Examples {
    /// With what a model of them is given: where that is the other image of a pair, each pair is one image.
    Images(ImageSet, Split, Option<ConditionRecipe>),
    Density(Density, Key),
}

impl Task {
    /// The data asked for, if they have the shape that the run learned from.
    pub(crate) fn examples(&self, asked: &DataArguments) -> Result<Examples> {
        let set = asked.set.as_deref().unwrap_or(&self.trainer.recipe().data.set);
        self.named(set, asked.split, asked)
    }

    /// The images of a split of the set that is asked for.
    pub(crate) fn examples_of(&self, split: Split, asked: &DataArguments) -> Result<ImageSet> {
        let set = asked.set.as_deref().unwrap_or(&self.trainer.recipe().data.set);
        match self.named(set, Some(split), asked)? {
            Examples::Images(images, ..) => Ok(images),
            Examples::Density(density, _) => bail!("{density} has no images"),
        }
    }

    /// Another set, in its default part.
    pub(crate) fn other_examples(&self, set: &str, asked: &DataArguments) -> Result<Examples> {
        self.named(set, None, asked)
    }

    fn named(&self, set: &str, split: Option<Split>, asked: &DataArguments) -> Result<Examples> {
        let examples = match (set.parse(), split) {
            (Ok(density), None) => Examples::Density(density, self.key.fold(DRAWS)),
            (Ok::<Density, _>(_), Some(split)) => {
                bail!("{set} is a density, drawn anew; it has no {split} split: leave --split out")
            }
            (Err(_), split) => {
                let (root, catalog) = asked.sets.open()?;
                // Pictures of any size become what the run learned from.
                let [channels, side] = <[usize; 2]>::from(self.trainer.image()).map(Some);
                let selection = Selection { set, split, side, channels };
                let condition = self.trainer.recipe().condition.clone();
                let (images, split) = open_given(condition.as_ref(), &selection, &root, &catalog)?;
                Examples::Images(images, split, condition)
            }
        };
        let (ImageShape { channels, side }, found) = (self.trainer.image(), examples.shape());
        let condition = self.trainer.recipe().condition.as_ref();
        let paired = condition.map_or(0, ConditionRecipe::paired_channels);
        let expected = [channels + paired, side, side];
        if found != expected {
            let shape = |[c, h, w]: [usize; 3]| format!("{c} × {h} × {w}");
            bail!(
                "the images of {examples} are {} (channels, height, width), the run learned from {}",
                shape(found),
                shape(expected)
            );
        }
        Ok(examples)
    }
}

impl Examples {
    /// Channels, height, width.
    fn shape(&self) -> [usize; 3] {
        match self {
            Self::Images(images, ..) => images.shape(),
            Self::Density(..) => [2, 1, 1],
        }
    }

    /// `count` images, or all if there are fewer, and their numbers in the set: spread evenly, since sets may be
    /// sorted by class.
    pub(crate) fn spread(&self, count: usize, device: &Device) -> (Vec<usize>, Tensor<4>) {
        match self {
            Self::Images(images, _, condition) => {
                let indices = spread(images.len(), count);
                let batch = images.batch(&indices, device);
                (indices, unstack(batch, condition.as_ref()).0)
            }
            Self::Density(density, key) => {
                ((0..count).collect(), density.batch(count, *key, device))
            }
        }
    }

    /// The same of the images of one class, or of all.
    pub(crate) fn spread_of(
        &self,
        class: Option<u8>,
        count: usize,
        device: &Device,
    ) -> Result<(Vec<usize>, Tensor<4>)> {
        let (Some(class), Self::Images(images, ..)) = (class, self) else {
            return Ok(self.spread(count, device));
        };
        let labels = images.labels().iter().enumerate();
        let all: Vec<usize> =
            labels.filter(|(_, label)| **label == class).map(|(i, _)| i).collect();
        if all.is_empty() {
            bail!("{self} has no images of class {class}");
        }
        let indices: Vec<usize> = spread(all.len(), count).into_iter().map(|i| all[i]).collect();
        let batch = self.at(&indices, device)?;
        Ok((indices, batch))
    }

    /// The classes of the images of these numbers; of draws 0.
    pub(crate) fn labels(&self, indices: &[usize]) -> Vec<u8> {
        match self {
            Self::Images(images, ..) => labels(images, indices),
            Self::Density(..) => vec![0; indices.len()],
        }
    }

    /// The images of these numbers.
    pub(crate) fn at(&self, indices: &[usize], device: &Device) -> Result<Tensor<4>> {
        match self {
            Self::Images(images, _, condition) => {
                match indices.iter().find(|&&index| index >= images.len()) {
                    Some(index) => {
                        bail!("{self} has the images 0 to {}, no {index}", images.len() - 1)
                    }
                    None => Ok(unstack(images.batch(indices, device), condition.as_ref()).0),
                }
            }
            Self::Density(..) => bail!("{self} is drawn anew; its draws have no numbers"),
        }
    }
}

impl Examples {
    /// `count` images, or all if there are fewer, spread evenly, as [`open_given`] gives them; `None` of a density.
    pub(crate) fn stacked(&self, count: usize, device: &Device) -> Option<Tensor<4>> {
        match self {
            Self::Images(images, ..) => Some(images.batch(&spread(images.len(), count), device)),
            Self::Density(..) => None,
        }
    }

    /// The other images of the pairs of these numbers; `None` of images that are alone.
    pub(crate) fn others(&self, indices: &[usize], device: &Device) -> Option<Tensor<4>> {
        match self {
            Self::Images(images, _, condition) => {
                unstack(images.batch(indices, device), condition.as_ref()).1
            }
            Self::Density(..) => None,
        }
    }
}

impl fmt::Display for Examples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images(images, split, _) => write!(f, "{} ({split})", images.name()),
            Self::Density(density, _) => write!(f, "{density}"),
        }
    }
}

fn parse_split(given: &str) -> Result<Split, String> {
    match given {
        "train" => Ok(Split::Train),
        "test" => Ok(Split::Test),
        _ => Err("the splits are train and test".into()),
    }
}
