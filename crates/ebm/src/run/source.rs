//! What a run learns from, batch by batch.

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Tensor};
use ebm::data::{Batches, Catalog, DataRoot, Density, ImageSet, Order, Split, load};
use ebm::noise::Key;
use ebm::teaching::{Batch, ConditionRecipe, Recipe, Shuffle};

/// The stream of the data and of their order; the trainer's own streams are below it.
const DATA: u64 = 100;
/// The draws of a density that are shown.
const SHOWN: u64 = u64::MAX;
/// The stream of conditions, within that of the data.
const CONDITIONS: u64 = u64::MAX;
/// A density has no epochs: this many batches count as one.
const BATCHES_OF_AN_EPOCH: u64 = 100;

/// Where data come from.
pub(crate) enum Source {
    /// A set of images, the order in which it is gone through, and what a model of them is given.
    Images(ImageSet, Batches, Option<Conditions>),
    /// Draws without end, `[batch, 2, 1, 1]`.
    Density(Density, usize, Key),
}

/// What a conditional model is given of images.
pub(crate) struct Conditions {
    recipe: ConditionRecipe,
    key: Key,
}

impl Conditions {
    fn of(&self, images: &Tensor<4>, labels: &[u8], fold: u64) -> Option<Tensor<4>> {
        self.recipe.of(images, labels, self.key.fold(fold))
    }
}

impl Source {
    /// The data of a recipe.
    pub(crate) fn open(recipe: &Recipe, root: &DataRoot) -> Result<Self> {
        let key = Key::new(recipe.seed).fold(DATA);
        let (set, batch) = (&recipe.data.set, recipe.data.batch);
        if let Ok(density) = set.parse() {
            if recipe.condition.is_some() {
                bail!(
                    "{set} is a density, which is learned without conditions: leave [condition] out"
                );
            }
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
        let conditions = recipe.condition.clone();
        let conditions = conditions.map(|recipe| Conditions { recipe, key: key.fold(CONDITIONS) });
        Ok(Self::Images(images, batches, conditions))
    }

    /// Channels and side of the images.
    pub(crate) fn image(&self) -> [usize; 2] {
        match self {
            Self::Images(images, ..) => {
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
            Self::Images(set, batches, conditions) => {
                let indices = batches.indices(iteration);
                let images = set.batch(&indices, device);
                let labels = labels(set, &indices);
                let condition = conditions.as_ref().and_then(|c| c.of(&images, &labels, iteration));
                Batch { images, condition, epoch: batches.epoch(iteration) }
            }
            Self::Density(density, batch, key) => Batch::new(
                density.batch(*batch, key.fold(iteration), device),
                iteration / BATCHES_OF_AN_EPOCH,
            ),
        }
    }

    /// The conditions of `count` samples to look at: those of the images that are [shown](Self::shown), or, for
    /// classes, each class in turn.
    pub(crate) fn shown_conditions(&self, count: usize, device: &Device) -> Option<Tensor<4>> {
        let Self::Images(_, _, Some(conditions)) = self else { return None };
        let classes = conditions.recipe.classes;
        let labels: Vec<u8> = (0..count).map(|i| (i % classes) as u8).collect();
        // There may be fewer images than samples.
        let images = self.shown(count, device);
        let repeats = count.div_ceil(images.dims()[0]);
        let images = images.repeat_dim(0, repeats).narrow(0, 0, count);
        conditions.of(&images, &labels, SHOWN)
    }

    /// The images, unless data are drawn from a density.
    pub(crate) fn images(&self) -> Option<&ImageSet> {
        match self {
            Self::Images(images, ..) => Some(images),
            Self::Density(..) => None,
        }
    }

    /// `count` images to look at, or fewer if there are fewer.
    pub(crate) fn shown(&self, count: usize, device: &Device) -> Tensor<4> {
        match self {
            Self::Images(images, ..) => {
                // Spread evenly over the set: embedded digits are sorted by class.
                let (len, count) = (images.len(), count.min(images.len()));
                let indices: Vec<usize> = (0..count).map(|i| i * len / count).collect();
                images.batch(&indices, device)
            }
            Self::Density(density, _, key) => density.batch(count, key.fold(SHOWN), device),
        }
    }
}

/// The classes of these images.
pub(crate) fn labels(set: &ImageSet, indices: &[usize]) -> Vec<u8> {
    indices.iter().map(|&index| set.labels()[index]).collect()
}
