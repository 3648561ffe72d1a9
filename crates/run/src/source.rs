//! The training data of a recipe, batch by batch.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use ebm::data::{Augment, Batches, Density, ExampleSet, Loader, Order, Prefetch, Selection, Split};
use ebm::noise::{Key, streams};
use ebm::teaching::{Batch, ConditionRecipe, DataRecipe, Recipe, Shuffle};
use ebm::tensor::{Condition, Examples, ImageShape};

use crate::Result;
use crate::dataset::{DataStore, spread};
use crate::error::unsuitable;

/// A density has no epochs: this many batches count as one.
const BATCHES_PER_EPOCH: u64 = 100;

/// The training data of a recipe.
#[derive(Debug)]
pub struct Source(Kind);

#[derive(Debug)]
enum Kind {
    /// A source of images, of which the next batch is prepared in the background, and the
    /// conditions of a model.
    Images { batches: Prefetch, conditions: Option<Conditions> },
    /// A source of draws from a density, `[batch, 2, 1, 1]`.
    Density { density: Density, batch: usize, key: Key },
}

/// The conditions of a conditional model.
#[derive(Debug)]
struct Conditions {
    recipe: ConditionRecipe,
    key: Key,
}

impl Conditions {
    /// Adds the conditions to images that do not have them yet, as the images of pairs do.
    fn complete(&self, examples: Examples, labels: &[u8], fold: u64) -> Examples {
        let Examples { images, condition } = examples;
        let condition = condition.or_else(|| self.recipe.of(&images, labels, self.key.fold(fold)));
        Examples { images, condition }
    }
}

/// The data that previews of samples are shown beside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preview {
    /// The data, `[count, channels, height, width]`.
    pub data: Tensor<4>,
    /// The conditions of the preview samples of a conditional model.
    pub conditions: Option<Condition>,
    /// The density that the data are drawn from, if it is known.
    pub density: Option<Density>,
}

impl Preview {
    /// Creates a preview of data for an unconditional model.
    pub fn new(data: Tensor<4>) -> Self {
        Self { data, conditions: None, density: None }
    }

    /// Sets the conditions of the preview samples: as many as the recipe's `evaluation.images`.
    pub fn with_conditions(mut self, conditions: Condition) -> Self {
        self.conditions = Some(conditions);
        self
    }

    /// Sets the density that the data are drawn from; samples and energy are then compared with it.
    pub fn with_density(mut self, density: Density) -> Self {
        self.density = Some(density);
        self
    }
}

impl Source {
    /// Opens the training data of a recipe.
    ///
    /// # Errors
    /// [`RunError::Data`](crate::RunError::Data) for a data set that cannot be loaded,
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for one that contradicts the recipe.
    pub fn open(recipe: &Recipe, store: &DataStore) -> Result<Self> {
        let key = Key::new(recipe.seed).fold(streams::run::DATA);
        let DataRecipe { set, batch, side, channels, flip, crop, .. } = &recipe.data;
        let (batch, augment) = (*batch, Augment { flip: *flip, crop: *crop });
        if let Ok(density) = set.parse() {
            if recipe.condition.is_some() {
                unsuitable!("{set} is a density, which takes no conditions: leave [condition] out");
            }
            if side.is_some() || channels.is_some() || augment != Augment::default() {
                unsuitable!(
                    "{set} is a density: data.side, data.channels, data.flip and data.crop apply to images only"
                );
            }
            return Ok(Self(Kind::Density { density, batch, key }));
        }
        let split = Some(Split::Train);
        let selection = Selection { set, split, side: *side, channels: *channels };
        let (examples, _) = store.examples(recipe.condition.as_ref(), &selection)?;
        let [found, height, width] = examples.images().shape();
        if height != width {
            unsuitable!(
                "the images of {set} are {height} × {width}; the networks take square ones"
            );
        }
        if side.is_some_and(|side| side != height) || channels.is_some_and(|wanted| wanted != found)
        {
            unsuitable!(
                "the images of {set} are {found} × {height} × {width} (channels, height, width) and cannot be \
                 converted: leave data.side and data.channels out"
            );
        }
        let order = match recipe.data.shuffle {
            Shuffle::Never => Order::Stored,
            Shuffle::Once => Order::ShuffledOnce,
            Shuffle::EveryEpoch => Order::Shuffled,
        };
        let batches = Batches::new(examples.len(), batch, key)?.in_order(order);
        let conditions = recipe
            .condition
            .clone()
            .map(|recipe| Conditions { recipe, key: key.fold(streams::data::CONDITIONS) });
        let loader = Loader::new(Arc::new(examples), batches);
        let batches = loader.augmented(augment, key.fold(streams::data::AUGMENT))?.ahead();
        Ok(Self(Kind::Images { batches, conditions }))
    }

    /// Returns the shape of the images.
    pub fn image(&self) -> ImageShape {
        match &self.0 {
            Kind::Images { batches, .. } => {
                let [channels, side, _] = batches.set().images().shape();
                ImageShape::new(channels, side)
            }
            Kind::Density { .. } => ImageShape::new(2, 1),
        }
    }

    /// Returns the density, if the data are drawn from one.
    pub fn density(&self) -> Option<Density> {
        match &self.0 {
            Kind::Images { .. } => None,
            Kind::Density { density, .. } => Some(*density),
        }
    }

    /// Returns the batch of an iteration.
    pub fn batch(&mut self, iteration: u64, device: &Device) -> Batch {
        match &mut self.0 {
            Kind::Images { batches, conditions } => {
                let batch = batches.batch(iteration);
                let (epoch, labels) = (batch.epoch, batch.labels.clone());
                let examples = batch.into_examples(device);
                let examples = match conditions {
                    Some(conditions) => conditions.complete(examples, &labels, iteration),
                    None => examples,
                };
                Batch::new(examples, epoch)
            }
            Kind::Density { density, batch, key } => Batch::new(
                density.batch(*batch, key.fold(iteration), device),
                iteration / BATCHES_PER_EPOCH,
            ),
        }
    }

    /// Returns data and conditions for previews of `count` samples.
    pub fn preview(&self, count: usize, device: &Device) -> Preview {
        Preview {
            data: self.preview_images(count, device),
            conditions: self.preview_conditions(count, device),
            density: self.density(),
        }
    }

    /// Returns the conditions of `count` preview samples: those of the [preview
    /// images](Self::preview_images), or the classes one after the other.
    pub(crate) fn preview_conditions(&self, count: usize, device: &Device) -> Option<Condition> {
        let Kind::Images { conditions: Some(conditions), .. } = &self.0 else { return None };
        let classes = conditions.recipe.classes().unwrap_or(1);
        let labels: Vec<u8> = (0..count).map(|i| (i % classes) as u8).collect();
        // There may be fewer images than samples.
        let examples = self.preview_examples(count, device).cycle(count);
        conditions.complete(examples, &labels, streams::data::PREVIEW).condition
    }

    /// Returns at most `count` images or draws, evenly spread.
    pub(crate) fn preview_images(&self, count: usize, device: &Device) -> Tensor<4> {
        self.preview_examples(count, device).images
    }

    /// Returns at most `count` images or draws, evenly spread, with the conditions of pairs.
    pub(crate) fn preview_examples(&self, count: usize, device: &Device) -> Examples {
        match &self.0 {
            Kind::Images { batches, .. } => {
                let set = batches.set();
                set.batch(&spread(set.len(), count), device)
            }
            Kind::Density { density, key, .. } => {
                density.batch(count, key.fold(streams::data::PREVIEW), device).into()
            }
        }
    }

    /// Returns the images and the conditions of pairs, unless the data are drawn from a density.
    pub(crate) fn examples(&self) -> Option<&ExampleSet> {
        match &self.0 {
            Kind::Images { batches, .. } => Some(batches.set()),
            Kind::Density { .. } => None,
        }
    }
}
