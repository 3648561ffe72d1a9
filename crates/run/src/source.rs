//! What a run learns from, batch by batch.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Tensor};
use ebm::data::{
    Augment, Batches, Catalog, DataRoot, Density, Half, ImageSet, Loader, Order, Prefetch,
    Selection, Split, open, open_pairs,
};
use ebm::noise::Key;
use ebm::teaching::{Batch, ConditionHalf, ConditionRecipe, DataRecipe, Recipe, Shuffle};
use ebm::tensor::{Condition, Examples, ImageShape};

/// The stream of the data and of their order; the trainer's own streams are below it.
const DATA: u64 = 100;
/// Within the stream of the data; orders are folded with epochs, which never come to this.
const AUGMENT: u64 = u64::MAX;
/// The draws of a density that are shown.
const SHOWN: u64 = u64::MAX;
/// The stream of conditions, within that of the data.
const CONDITIONS: u64 = u64::MAX - 1;
/// A density has no epochs: this many batches count as one.
const BATCHES_OF_AN_EPOCH: u64 = 100;

/// A set of images, of the catalogue or at a path.
fn open_set(
    selection: &Selection<'_>,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<(ImageSet, Split)> {
    open(selection, root, catalog).with_context(|| {
        let densities = Density::ALL.map(Density::name).join(", ");
        format!("{} is none of the densities {densities}", selection.set)
    })
}

/// The same of what a model is given: where that is the other image of a pair, each pair is one image, x's channels
/// first.
pub fn open_given(
    condition: Option<&ConditionRecipe>,
    selection: &Selection<'_>,
    root: &DataRoot,
    catalog: &Catalog,
) -> Result<(ImageSet, Split)> {
    match condition {
        None | Some(ConditionRecipe::Class(_) | ConditionRecipe::Hidden(_)) => {
            open_set(selection, root, catalog)
        }
        Some(ConditionRecipe::Pair(pair)) => {
            let half = match pair.half {
                ConditionHalf::Left => Half::Left,
                ConditionHalf::Right => Half::Right,
            };
            let (pairs, split) = open_pairs(selection, half, root, catalog)?;
            let [found, ..] = pairs.conditions().shape();
            if found != pair.channels {
                bail!(
                    "condition.channels is {}; the other images of {} have {found}",
                    pair.channels,
                    selection.set
                );
            }
            Ok((pairs.stacked()?, split))
        }
    }
}

/// x of images as [`open_given`] gives them, and the other images of pairs.
pub fn unstack(
    images: Tensor<4>,
    condition: Option<&ConditionRecipe>,
) -> (Tensor<4>, Option<Tensor<4>>) {
    match condition.map_or(0, ConditionRecipe::paired_channels) {
        0 => (images, None),
        channels => {
            let x = images.dims()[1] - channels;
            let other = images.clone().narrow(1, x, channels);
            (images.narrow(1, 0, x), Some(other))
        }
    }
}

/// Where data come from.
pub enum Source {
    /// A set of images and the order in which it is gone through, the next batch prepared meanwhile; and what a model
    /// of them is given.
    Images(Prefetch, Option<Conditions>),
    /// Draws without end, `[batch, 2, 1, 1]`.
    Density(Density, usize, Key),
}

/// What a conditional model is given of images.
pub struct Conditions {
    recipe: ConditionRecipe,
    key: Key,
}

impl Conditions {
    /// x, and what it is given.
    fn split(&self, images: Tensor<4>, labels: &[u8], fold: u64) -> Examples {
        let (x, other) = unstack(images, Some(&self.recipe));
        let other = other.map(Condition::Image);
        let condition = other.or_else(|| self.recipe.of(&x, labels, self.key.fold(fold)));
        Examples::new(x, condition)
    }
}

impl Source {
    /// The data of a recipe.
    pub fn open(recipe: &Recipe, root: &DataRoot, catalog: &Catalog) -> Result<Self> {
        let key = Key::new(recipe.seed).fold(DATA);
        let DataRecipe { set, batch, side, channels, flip, crop, .. } = &recipe.data;
        let (batch, augment) = (*batch, Augment { flip: *flip, crop: *crop });
        if let Ok(density) = set.parse() {
            if recipe.condition.is_some() {
                bail!(
                    "{set} is a density, which is learned without conditions: leave [condition] out"
                );
            }
            if side.is_some() || channels.is_some() || augment != Augment::default() {
                bail!(
                    "{set} is a density: data.side, data.channels, data.flip and data.crop are of images"
                );
            }
            return Ok(Self::Density(density, batch, key));
        }
        let split = Some(Split::Train);
        let selection = Selection { set, split, side: *side, channels: *channels };
        let (images, _) = open_given(recipe.condition.as_ref(), &selection, root, catalog)?;
        let [found, height, width] = images.shape();
        let paired = recipe.condition.as_ref().map_or(0, ConditionRecipe::paired_channels);
        if height != width {
            bail!("the images of {set} are {height} × {width}; the networks take square ones");
        }
        if side.is_some_and(|side| side != height)
            || channels.is_some_and(|wanted| wanted + paired != found)
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
        let conditions = recipe.condition.clone();
        let conditions = conditions.map(|recipe| Conditions { recipe, key: key.fold(CONDITIONS) });
        let loader = Loader::new(Arc::new(images.into()), batches);
        let ahead = loader.augmented(augment, key.fold(AUGMENT))?.ahead();
        Ok(Self::Images(ahead, conditions))
    }

    /// Channels and side of the images.
    pub fn image(&self) -> ImageShape {
        match self {
            Self::Images(ahead, conditions) => {
                let [channels, side, _] = ahead.set().images().shape();
                let paired = conditions.as_ref().map_or(0, |c| c.recipe.paired_channels());
                ImageShape::new(channels - paired, side)
            }
            Self::Density(..) => ImageShape::new(2, 1),
        }
    }

    /// The density, if data are drawn from one.
    pub fn density(&self) -> Option<Density> {
        match self {
            Self::Images(..) => None,
            Self::Density(density, ..) => Some(*density),
        }
    }

    /// The batch of an iteration.
    pub fn batch(&mut self, iteration: u64, device: &Device) -> Batch {
        match self {
            Self::Images(ahead, conditions) => {
                let batch = ahead.batch(iteration);
                let (epoch, labels) = (batch.epoch, batch.labels.clone());
                let images = batch.into_examples(device).images;
                let examples = match conditions {
                    Some(conditions) => conditions.split(images, &labels, iteration),
                    None => images.into(),
                };
                Batch::new(examples, epoch)
            }
            Self::Density(density, batch, key) => Batch::new(
                density.batch(*batch, key.fold(iteration), device),
                iteration / BATCHES_OF_AN_EPOCH,
            ),
        }
    }

    /// The conditions of `count` samples to look at: those of the images that are [shown](Self::shown), or, for
    /// classes, each class in turn.
    pub fn shown_conditions(&self, count: usize, device: &Device) -> Option<Condition> {
        let Self::Images(_, Some(conditions)) = self else { return None };
        let classes = conditions.recipe.classes().unwrap_or(1);
        let labels: Vec<u8> = (0..count).map(|i| (i % classes) as u8).collect();
        // There may be fewer images than samples.
        let images = self.stacked(count, device);
        let repeats = count.div_ceil(images.dims()[0]);
        let images = images.repeat_dim(0, repeats).narrow(0, 0, count);
        conditions.split(images, &labels, SHOWN).condition
    }

    /// The images, unless data are drawn from a density.
    pub fn images(&self) -> Option<&ImageSet> {
        match self {
            Self::Images(ahead, _) => Some(ahead.set().images()),
            Self::Density(..) => None,
        }
    }

    /// `count` images to look at, or fewer if there are fewer.
    pub fn shown(&self, count: usize, device: &Device) -> Tensor<4> {
        let images = self.stacked(count, device);
        match self {
            Self::Images(_, Some(conditions)) => unstack(images, Some(&conditions.recipe)).0,
            _ => images,
        }
    }

    /// The same of what [`open_given`] gives.
    pub fn stacked(&self, count: usize, device: &Device) -> Tensor<4> {
        match self {
            Self::Images(ahead, _) => {
                let images = ahead.set().images();
                images.batch(&spread(images.len(), count), device)
            }
            Self::Density(density, _, key) => density.batch(count, key.fold(SHOWN), device),
        }
    }
}

/// The classes of these images.
pub fn labels(set: &ImageSet, indices: &[usize]) -> Vec<u8> {
    indices.iter().map(|&index| set.labels()[index]).collect()
}

/// `count` numbers below `len`, or all if there are fewer, evenly spread: sets may be sorted by class.
pub fn spread(len: usize, count: usize) -> Vec<usize> {
    let count = count.min(len);
    (0..count).map(|i| i * len / count).collect()
}
