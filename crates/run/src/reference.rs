//! The data that tasks on a trained run look at.

use std::fmt;

use burn::tensor::Device;
use ebm::data::{Density, ExampleSet, Selection, Split};
use ebm::noise::{Key, streams};
use ebm::tensor::{Examples, ImageShape};

use crate::Result;
use crate::dataset::{DataLocation, spread};
use crate::error::unsuitable;
use crate::trained::TrainedRun;

/// The choice of the data that a task uses.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DataChoice {
    /// The data set or density; `None` for that of the recipe.
    pub set: Option<String>,
    /// The part of the data set; `None` for the test split, or for the training split where there
    /// is no other.
    pub split: Option<Split>,
    /// The location of the data sets.
    pub location: DataLocation,
}

impl DataChoice {
    /// Sets the data set or density.
    pub fn with_set(mut self, set: impl Into<String>) -> Self {
        self.set = Some(set.into());
        self
    }

    /// Sets the part of the data set.
    pub fn with_split(mut self, split: Split) -> Self {
        self.split = Some(split);
        self
    }

    /// Sets where data sets are looked for.
    pub fn with_location(mut self, location: DataLocation) -> Self {
        self.location = location;
        self
    }
}

/// A set of images or points of the shape that a run learned.
#[derive(Debug)]
pub struct ReferenceData(Kind);

#[derive(Debug)]
enum Kind {
    Images { set: ExampleSet, split: Split },
    Density { density: Density, key: Key },
}

impl TrainedRun {
    /// Opens the data of a choice.
    ///
    /// # Errors
    /// [`RunError::Data`](crate::RunError::Data) if they cannot be loaded,
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if they have another shape than the
    /// data that the run learned from.
    pub fn reference(&self, choice: &DataChoice) -> Result<ReferenceData> {
        let set = choice.set.as_deref().unwrap_or(&self.trainer().recipe().data.set);
        self.named_reference(set, choice.split, &choice.location)
    }

    /// Opens the examples of a split of the chosen data set.
    pub(crate) fn reference_set(&self, choice: &DataChoice, split: Split) -> Result<ExampleSet> {
        let set = choice.set.as_deref().unwrap_or(&self.trainer().recipe().data.set);
        match self.named_reference(set, Some(split), &choice.location)?.0 {
            Kind::Images { set, .. } => Ok(set),
            Kind::Density { density, .. } => unsuitable!("{density} has no images"),
        }
    }

    /// Opens the default split of another data set.
    pub(crate) fn other_reference(
        &self,
        set: &str,
        location: &DataLocation,
    ) -> Result<ReferenceData> {
        self.named_reference(set, None, location)
    }

    fn named_reference(
        &self,
        set: &str,
        split: Option<Split>,
        location: &DataLocation,
    ) -> Result<ReferenceData> {
        let ImageShape { channels, side } = self.image_shape();
        let kind = match (set.parse(), split) {
            (Ok(density), None) => {
                Kind::Density { density, key: self.key().fold(streams::task::DRAWS) }
            }
            (Ok::<Density, _>(_), Some(split)) => {
                unsuitable!("{set} is a density, which has no {split} split: choose no split")
            }
            (Err(_), split) => {
                // Pictures of any size are brought to the size that the run learned from.
                let (channels, side) = (Some(channels), Some(side));
                let selection = Selection { set, split, side, channels };
                let condition = self.trainer().recipe().condition.as_ref();
                let (set, split) = location.open()?.examples(condition, &selection)?;
                Kind::Images { set, split }
            }
        };
        let reference = ReferenceData(kind);
        let (found, expected) = (reference.shape(), [channels, side, side]);
        if found != expected {
            let shape = |[c, h, w]: [usize; 3]| format!("{c} × {h} × {w}");
            unsuitable!(
                "the images of {reference} are {} (channels, height, width), the run learned from {}",
                shape(found),
                shape(expected)
            );
        }
        Ok(reference)
    }
}

impl ReferenceData {
    /// Channels, height and width of the images.
    fn shape(&self) -> [usize; 3] {
        match &self.0 {
            Kind::Images { set, .. } => set.images().shape(),
            Kind::Density { .. } => [2, 1, 1],
        }
    }

    /// Returns at most `count` images, evenly spread because sets may be sorted by class, and their
    /// indices in the set; with the conditions of pairs.
    pub fn spread(&self, count: usize, device: &Device) -> (Vec<usize>, Examples) {
        match &self.0 {
            Kind::Images { set, .. } => {
                let indices = spread(set.len(), count);
                let examples = set.batch(&indices, device);
                (indices, examples)
            }
            Kind::Density { density, key } => {
                ((0..count).collect(), density.batch(count, *key, device).into())
            }
        }
    }

    /// Returns the same as [`spread`](Self::spread), from the images of one class if one is named.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if there are no images of the class.
    pub fn spread_of_class(
        &self,
        class: Option<u8>,
        count: usize,
        device: &Device,
    ) -> Result<(Vec<usize>, Examples)> {
        if self.is_density() {
            return Ok(self.spread(count, device));
        }
        let indices = self.indices_of_class(class, count)?;
        let examples = self.at(&indices, device)?;
        Ok((indices, examples))
    }

    /// Returns at most `count` indices of images, evenly spread over those of the class, if one is
    /// named.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if there are no images of the class,
    /// and for a density.
    pub(crate) fn indices_of_class(&self, class: Option<u8>, count: usize) -> Result<Vec<usize>> {
        let Kind::Images { set, .. } = &self.0 else {
            unsuitable!("{self} is a density, whose draws have no numbers");
        };
        let labels = set.images().labels().iter().enumerate();
        let of_class = |label: u8| class.is_none_or(|class| label == class);
        let all: Vec<usize> =
            labels.filter(|(_, label)| of_class(**label)).map(|(i, _)| i).collect();
        if let Some(class) = class.filter(|_| all.is_empty()) {
            unsuitable!("{self} has no images of class {class}");
        }
        Ok(spread(all.len(), count).into_iter().map(|i| all[i]).collect())
    }

    /// Returns the classes of the images at these indices; 0 for draws.
    ///
    /// # Panics
    /// If an index is outside of the set.
    pub fn labels(&self, indices: &[usize]) -> Vec<u8> {
        match &self.0 {
            Kind::Images { set, .. } => {
                indices.iter().map(|&index| set.images().labels()[index]).collect()
            }
            Kind::Density { .. } => vec![0; indices.len()],
        }
    }

    /// Returns the images at these indices, with the conditions of pairs.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for an index outside of the set, and
    /// for a density.
    pub fn at(&self, indices: &[usize], device: &Device) -> Result<Examples> {
        match &self.0 {
            Kind::Images { set, .. } => {
                if let Some(index) = indices.iter().find(|&&index| index >= set.len()) {
                    unsuitable!("{self} has the images 0 to {}, but not {index}", set.len() - 1);
                }
                Ok(set.batch(indices, device))
            }
            Kind::Density { .. } => {
                unsuitable!("{self} is a density, whose draws have no numbers")
            }
        }
    }

    /// Returns whether the data are drawn from a density.
    pub fn is_density(&self) -> bool {
        matches!(self.0, Kind::Density { .. })
    }
}

impl fmt::Display for ReferenceData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Images { set, split } => write!(f, "{} ({split})", set.images().name()),
            Kind::Density { density, .. } => write!(f, "{density}"),
        }
    }
}
