//! Completion of images by a run that learned to complete them, several times each.

use burn::tensor::Tensor;
use ebm::data::Split;
use ebm::metrics::features::FeatureNetwork;
use serde::Serialize;

use crate::class_accuracy::built_in_classifier;
use crate::completion::{CompletedImages, MaskedImages, Way};
use crate::error::unsuitable;
use crate::feature_network::NamedNetwork;
use crate::reference::DataChoice;
use crate::{OutputFolder, Result, TrainedRun};

/// The options of [`TrainedRun::complete`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompleteOptions {
    /// The number of images, evenly spread over the data set.
    pub count: usize,
    /// The number of completions of each image.
    pub completions: usize,
    /// The network whose features Fréchet and kernel distances compare, as [`NamedNetwork::open`]
    /// takes it; `None` for the classifier of the recipe's data set, if one is built in.
    pub features: Option<String>,
    /// The number of Langevin steps; `None` for the recipe's `chains.sampling_steps`.
    pub steps: Option<usize>,
    /// The data set.
    pub data: DataChoice,
}

impl CompleteOptions {
    /// Creates options for `completions` completions of each of `count` images.
    pub fn new(count: usize, completions: usize) -> Self {
        Self { count, completions, features: None, steps: None, data: DataChoice::default() }
    }
}

/// A set of completions of images.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completion {
    /// The initial states x₀ within the holes: one batch for each completion of all images.
    pub starts: Vec<Tensor<4>>,
    /// The refined states x_T within the holes; empty without an energy.
    pub refined: Vec<Tensor<4>>,
    /// The columns of a picture: the image, its observed part, the mean and the nearest training
    /// image, x₀ of each completion, x_T of each.
    pub columns: Vec<Tensor<4>>,
    /// The measures.
    pub report: CompletionReport,
}

/// The means over images and completions: the content of `completion.json`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CompletionReport {
    /// The name of the data set.
    pub data: String,
    /// The number of images.
    pub images: usize,
    /// The number of completions of each image.
    pub completions: usize,
    /// The measures of the completions and of baselines.
    pub ways: Vec<Way>,
    /// The mean distance between two completions of an image; empty for a single completion.
    pub diversity: Vec<(&'static str, f64)>,
}

impl TrainedRun {
    /// Completes images and compares the completions with the hidden pixels.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if the run did not learn to complete
    /// images, [`RunError::Teaching`](crate::RunError::Teaching) if a chain diverges,
    /// [`RunError::Features`](crate::RunError::Features) for a network that cannot be opened.
    pub fn complete(&self, options: &CompleteOptions) -> Result<Completion> {
        let recipe = self.trainer().recipe();
        let condition = recipe.condition.as_ref();
        let Some(condition) = condition.filter(|given| given.classes().is_none()) else {
            unsuitable!(
                "the run did not learn to complete images (its recipe has no [condition] of kind \
                 \"hidden\" or \"pair\"); an unconditional run fills holes by `inpaint`"
            );
        };
        let reference = self.reference(&options.data)?;
        let training = self.reference_set(&options.data, Split::Train)?;
        let device = self.trainer().device();
        if reference.is_density() {
            unsuitable!("{reference} has no images");
        }
        let (_, examples) = reference.spread(options.count, device);
        let masked = MaskedImages::new(examples, condition, self.key());
        let network: Option<Box<dyn FeatureNetwork>> = match &options.features {
            Some(given) => {
                Some(NamedNetwork::open(given, self.image_shape(), device)?.into_inner())
            }
            None => {
                built_in_classifier(&recipe.data.set, device)?.map(|network| Box::new(network) as _)
            }
        };
        let numbers = [options.completions, self.steps(options.steps)];
        let completed = CompletedImages::new(
            self.trainer(),
            &masked,
            &training,
            network.as_deref(),
            numbers,
            self.key(),
        )?;
        let images = masked.images.dims()[0];
        let columns = completed.columns(images);
        let CompletedImages { starts, refined, ways, diversity, .. } = completed;
        let (data, completions) = (reference.to_string(), options.completions);
        let report = CompletionReport { data, images, completions, ways, diversity };
        Ok(Completion { starts, refined, columns, report })
    }
}

impl Completion {
    /// Writes `x0.npy`, `refined.npy`, `complete.png` and `completion.json`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        for (name, sets) in [("x0", &self.starts), ("refined", &self.refined)] {
            if !sets.is_empty() {
                let stacked: Tensor<5> = Tensor::stack(sets.clone(), 1);
                out.array(name, &stacked)?;
            }
        }
        out.strip("complete", &self.columns)?;
        out.json("completion", &self.report)
    }
}
