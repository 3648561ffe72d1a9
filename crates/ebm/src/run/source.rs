//! What a run learns from, batch by batch.

use anyhow::{Result, bail};
use burn::tensor::{Device, Tensor};
use ebm::data::{Batches, Catalog, DataRoot, ImageSet, Order, Split, load};
use ebm::noise::Key;
use ebm::teaching::{Batch, Recipe, Shuffle};

/// The stream of the order of the data; the trainer's own streams are below it.
const DATA_ORDER: u64 = 100;

/// A set of images and the order in which it is gone through.
pub(crate) struct Source {
    images: ImageSet,
    batches: Batches,
}

impl Source {
    /// The data of a recipe.
    pub(crate) fn open(recipe: &Recipe, root: &DataRoot) -> Result<Self> {
        let images = load(&recipe.data.set, Split::Train, root, &Catalog::embedded()?)?;
        let [_, height, width] = images.shape();
        if height != width {
            bail!(
                "the images of {} are {height} × {width}; the networks take square ones",
                images.name()
            );
        }
        let order = match recipe.data.shuffle {
            Shuffle::Never => Order::Stored,
            Shuffle::Once => Order::ShuffledOnce,
            Shuffle::EveryEpoch => Order::Shuffled,
        };
        let key = Key::new(recipe.seed).fold(DATA_ORDER);
        let batches = Batches::new(images.len(), recipe.data.batch, key)?.in_order(order);
        Ok(Self { images, batches })
    }

    /// Channels and side of the images.
    pub(crate) fn image(&self) -> [usize; 2] {
        let [channels, side, _] = self.images.shape();
        [channels, side]
    }

    /// The batch of an iteration.
    pub(crate) fn batch(&mut self, iteration: u64, device: &Device) -> Batch {
        Batch {
            images: self.images.batch(&self.batches.indices(iteration), device),
            epoch: self.batches.epoch(iteration),
        }
    }

    /// `count` images to look at, or fewer if there are fewer.
    pub(crate) fn shown(&self, count: usize, device: &Device) -> Tensor<4> {
        // Spread evenly over the set: embedded digits are sorted by class.
        let (len, count) = (self.images.len(), count.min(self.images.len()));
        let indices: Vec<usize> = (0..count).map(|i| i * len / count).collect();
        self.images.batch(&indices, device)
    }
}
