//! What a run learns from, batch by batch.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Tensor};
use ebm::data::{
    Augment, Batches, Catalog, DataRoot, Density, ImageSet, Loader, Order, Prefetch, Selection,
    Split, open,
};
use ebm::noise::Key;
use ebm::teaching::{Batch, DataRecipe, Recipe, Shuffle};

/// The stream of the data and of their order; the trainer's own streams are below it.
const DATA: u64 = 100;
/// Within the stream of the data; orders are folded with epochs, which never come to this.
const AUGMENT: u64 = u64::MAX;
/// The draws of a density that are shown.
const SHOWN: u64 = u64::MAX;
/// A density has no epochs: this many batches count as one.
const BATCHES_OF_AN_EPOCH: u64 = 100;

/// A set of images, of the catalogue or at a path.
pub(crate) fn open_set(
    selection: &Selection<'_>,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<(ImageSet, Split)> {
    open(selection, root, catalog).with_context(|| {
        let densities = Density::ALL.map(Density::name).join(", ");
        format!("{} is none of the densities {densities}", selection.set)
    })
}

/// Where data come from.
pub(crate) enum Source {
    /// A set of images and the order in which it is gone through, the next batch prepared meanwhile.
    Images(Prefetch),
    /// Draws without end, `[batch, 2, 1, 1]`.
    Density(Density, usize, Key),
}

impl Source {
    /// The data of a recipe.
    pub(crate) fn open(recipe: &Recipe, root: &DataRoot, catalog: &Catalog) -> Result<Self> {
        let key = Key::new(recipe.seed).fold(DATA);
        let DataRecipe { set, batch, side, channels, flip, crop, .. } = &recipe.data;
        let (batch, augment) = (*batch, Augment { flip: *flip, crop: *crop });
        if let Ok(density) = set.parse() {
            if side.is_some() || channels.is_some() || augment != Augment::default() {
                bail!(
                    "{set} is a density: data.side, data.channels, data.flip and data.crop are of images"
                );
            }
            return Ok(Self::Density(density, batch, key));
        }
        let split = Some(Split::Train);
        let selection = Selection { set, split, side: *side, channels: *channels };
        let (images, _) = open_set(&selection, root, catalog)?;
        let [found, height, width] = images.shape();
        if height != width {
            bail!("the images of {set} are {height} × {width}; the networks take square ones");
        }
        if side.is_some_and(|side| side != height) || channels.is_some_and(|wanted| wanted != found)
        {
            bail!(
                "the images of {set} are {found} × {height} × {width} (channels, height, width) and keep it: leave \
                 data.side and data.channels out"
            );
        }
        let order = match recipe.data.shuffle {
            Shuffle::Never => Order::Stored,
            Shuffle::Once => Order::ShuffledOnce,
            Shuffle::EveryEpoch => Order::Shuffled,
        };
        let batches = Batches::new(images.len(), batch, key)?.in_order(order);
        let loader = Loader::new(Arc::new(images), batches);
        Ok(Self::Images(loader.augmented(augment, key.fold(AUGMENT))?.ahead()))
    }

    /// Channels and side of the images.
    pub(crate) fn image(&self) -> [usize; 2] {
        match self {
            Self::Images(ahead) => {
                let [channels, side, _] = ahead.images().shape();
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
            Self::Images(ahead) => {
                let batch = ahead.batch(iteration);
                Batch { epoch: batch.epoch, images: batch.into_tensor(device) }
            }
            Self::Density(density, batch, key) => Batch {
                images: density.batch(*batch, key.fold(iteration), device),
                epoch: iteration / BATCHES_OF_AN_EPOCH,
            },
        }
    }

    /// `count` images to look at, or fewer if there are fewer.
    pub(crate) fn shown(&self, count: usize, device: &Device) -> Tensor<4> {
        match self {
            Self::Images(ahead) => {
                let images = ahead.images();
                // Spread evenly over the set: embedded digits are sorted by class.
                let (len, count) = (images.len(), count.min(images.len()));
                let indices: Vec<usize> = (0..count).map(|i| i * len / count).collect();
                images.batch(&indices, device)
            }
            Self::Density(density, _, key) => density.batch(count, key.fold(SHOWN), device),
        }
    }
}
