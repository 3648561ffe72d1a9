//! What a run learns from, batch by batch.

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Tensor};
use ebm::data::{Batches, Catalog, DataRoot, Density, ImageSet, Order, Split, load};
use ebm::noise::Key;
use ebm::teaching::{Batch, Recipe, Shuffle};

/// The stream of the data and of their order; the trainer's own streams are below it.
const DATA: u64 = 100;
/// The draws of a density that are shown.
const SHOWN: u64 = u64::MAX;
/// A density has no epochs: this many batches count as one.
const BATCHES_OF_AN_EPOCH: u64 = 100;

/// Where data come from.
pub(crate) enum Source {
    /// A set of images and the order in which it is gone through.
    Images(ImageSet, Batches),
    /// Draws without end, `[batch, 2, 1, 1]`.
    Density(Density, usize, Key),
}

impl Source {
    /// The data of a recipe.
    pub(crate) fn open(recipe: &Recipe, root: &DataRoot) -> Result<Self> {
        let key = Key::new(recipe.seed).fold(DATA);
        let (set, batch) = (&recipe.data.set, recipe.data.batch);
        if let Ok(density) = set.parse() {
            return Ok(Self::Density(density, batch, key));
        }
        let images = load(set, Split::Train, root, &Catalog::embedded()?).with_context(|| {
            let densities = Density::ALL.map(Density::name).join(", ");
            format!("{set} is none of the densities {densities}")
        })?;
        let [_, height, width] = images.shape();
        if height != width {
            bail!("the images of {set} are {height} × {width}; the networks take square ones");
        }
        let order = match recipe.data.shuffle {
            Shuffle::Never => Order::Stored,
            Shuffle::Once => Order::ShuffledOnce,
            Shuffle::EveryEpoch => Order::Shuffled,
        };
        let batches = Batches::new(images.len(), batch, key)?.in_order(order);
        Ok(Self::Images(images, batches))
    }

    /// Channels and side of the images.
    pub(crate) fn image(&self) -> [usize; 2] {
        match self {
            Self::Images(images, _) => {
                let [channels, side, _] = images.shape();
                [channels, side]
            }
            Self::Density(..) => [2, 1],
        }
    }

    /// The density, if data are drawn from one.
    pub(crate) fn density(&self) -> Option<Density> {
        match self {
            Self::Images(..) => None,
            Self::Density(density, ..) => Some(*density),
        }
    }

    /// The batch of an iteration.
    pub(crate) fn batch(&mut self, iteration: u64, device: &Device) -> Batch {
        match self {
            Self::Images(images, batches) => Batch {
                images: images.batch(&batches.indices(iteration), device),
                epoch: batches.epoch(iteration),
            },
            Self::Density(density, batch, key) => Batch {
                images: density.batch(*batch, key.fold(iteration), device),
                epoch: iteration / BATCHES_OF_AN_EPOCH,
            },
        }
    }

    /// `count` images to look at, or fewer if there are fewer.
    pub(crate) fn shown(&self, count: usize, device: &Device) -> Tensor<4> {
        match self {
            Self::Images(images, _) => {
                // Spread evenly over the set: embedded digits are sorted by class.
                let (len, count) = (images.len(), count.min(images.len()));
                let indices: Vec<usize> = (0..count).map(|i| i * len / count).collect();
                images.batch(&indices, device)
            }
            Self::Density(density, _, key) => density.batch(count, key.fold(SHOWN), device),
        }
    }
}
