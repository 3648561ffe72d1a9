//! The data that tasks look at.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Tensor};
use clap::Args;
use ebm::data::{Catalog, DataRoot, Density, ImageSet, Split, load};
use ebm::noise::Key;

use super::Task;

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
    /// The folder of data sets [default: $EBM_DATA, else a folder of the user's].
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

impl DataArguments {
    /// The folder of data sets.
    pub(crate) fn root(&self) -> Result<DataRoot> {
        Ok(DataRoot::resolve(self.data_dir.clone())?)
    }
}

/// Images or points that a run can be asked about.
pub(crate) enum Examples {
    Images(ImageSet, Split),
    Density(Density, Key),
}

impl Task {
    /// The data asked for, if they have the shape that the run learned from.
    pub(crate) fn examples(&self, asked: &DataArguments) -> Result<Examples> {
        let set = asked.set.as_deref().unwrap_or(&self.trainer.recipe().data.set);
        self.named(set, asked.split, asked)
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
                let catalog = Catalog::embedded()?;
                let densities = || {
                    let names = Density::ALL.map(Density::name).join(", ");
                    format!("{set} is none of the densities {names}")
                };
                let splits = &catalog.get(set).with_context(densities)?.splits;
                let judged = splits.contains_key(&Split::Test).then_some(Split::Test);
                let split = split.or(judged).unwrap_or(Split::Train);
                let root = asked.root()?;
                Examples::Images(load(set, split, &root, &catalog)?, split)
            }
        };
        let ([channels, side], found) = (self.trainer.image(), examples.shape());
        let expected = [channels, side, side];
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
    pub(crate) fn shape(&self) -> [usize; 3] {
        match self {
            Self::Images(images, _) => images.shape(),
            Self::Density(..) => [2, 1, 1],
        }
    }

    /// `count` images, or all if there are fewer, and their numbers in the set: spread evenly, since sets may be
    /// sorted by class.
    pub(crate) fn spread(&self, count: usize, device: &Device) -> (Vec<usize>, Tensor<4>) {
        match self {
            Self::Images(images, _) => {
                let (len, count) = (images.len(), count.min(images.len()));
                let indices: Vec<usize> = (0..count).map(|i| i * len / count).collect();
                let batch = images.batch(&indices, device);
                (indices, batch)
            }
            Self::Density(density, key) => {
                ((0..count).collect(), density.batch(count, *key, device))
            }
        }
    }

    /// The images of these numbers.
    pub(crate) fn at(&self, indices: &[usize], device: &Device) -> Result<Tensor<4>> {
        match self {
            Self::Images(images, _) => match indices.iter().find(|&&index| index >= images.len()) {
                Some(index) => bail!("{self} has the images 0 to {}, no {index}", images.len() - 1),
                None => Ok(images.batch(indices, device)),
            },
            Self::Density(..) => bail!("{self} is drawn anew; its draws have no numbers"),
        }
    }
}

impl fmt::Display for Examples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images(images, split) => write!(f, "{} ({split})", images.name()),
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
