//! A small convolutional classifier of 28 × 28 grey images, trained by this project. Its last
//! hidden layer is a feature space for MNIST and Fashion-MNIST, and its classes evaluate
//! conditional samples.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};

use super::error::FeatureError;
use super::network::FeatureNetwork;
use super::parts::in_parts;
use super::weights::{Half, Weights};

/// The channels of the 3 × 3 convolutions, each followed by ReLU and 2 × 2 max pooling:
/// 28 → 14 → 7 → 3.
const CHANNELS: [usize; 4] = [1, 16, 32, 64];
/// The length of the flattened last convolution.
const FLAT: usize = 64 * 3 * 3;
const FEATURES: usize = 128;
const CLASSES: usize = 10;
/// The number of images at a time; 256 need 13 MB of activations.
const PART: usize = 256;

/// The layers, with 98 442 parameters: three convolutions, a hidden layer whose activations are the
/// features, ten logits.
#[derive(Module, Debug)]
pub struct ClassifierNetwork {
    convolutions: Vec<Conv2d>,
    hidden: Linear,
    head: Linear,
}

impl ClassifierNetwork {
    /// Creates an untrained network. Burn draws its parameters when they are first read; for
    /// reproducible ones, use `ebm_noise::initialise_fan_in`.
    pub fn new(device: &Device) -> Self {
        Self {
            convolutions: (0..3).map(|layer| convolution(layer).init(device)).collect(),
            hidden: LinearConfig::new(FLAT, FEATURES).init(device),
            head: LinearConfig::new(FEATURES, CLASSES).init(device),
        }
    }

    /// Computes the activations of the hidden layer.
    ///
    /// # Shapes
    /// - `images`: `[n, 1, 28, 28]` in [−1, 1]
    /// - output: `[n, 128]`
    pub fn features(&self, images: Tensor<4>) -> Tensor<2> {
        let pooled = self.convolutions.iter().fold(images, |x, convolution| {
            max_pool2d(relu(convolution.forward(x)), MaxPoolOptions::new([2, 2]))
        });
        relu(self.hidden.forward(pooled.flatten::<2>(1, 3)))
    }

    /// Computes the logits: the logarithms of the class probabilities up to a constant per image.
    ///
    /// # Shapes
    /// - `images`: `[n, 1, 28, 28]` in [−1, 1]
    /// - output: `[n, 10]`
    pub fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.features(images))
    }

    /// Serialises the weights as a safetensors file in half precision, with PyTorch's names and
    /// layouts.
    ///
    /// # Errors
    /// [`FeatureError::Format`] if safetensors refuses the tensors.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, FeatureError> {
        let mut tensors = Vec::new();
        let layers = self.convolutions.iter().enumerate();
        for (name, layer) in layers.map(|(i, layer)| (convolution_name(i), layer)) {
            tensors.push((format!("{name}.weight"), Half::new(layer.weight.val())));
            tensors.extend(layer.bias.iter().map(|b| (format!("{name}.bias"), Half::new(b.val()))));
        }
        for (name, layer) in [("hidden", &self.hidden), ("head", &self.head)] {
            tensors.push((format!("{name}.weight"), Half::new(layer.weight.val().transpose())));
            tensors.extend(layer.bias.iter().map(|b| (format!("{name}.bias"), Half::new(b.val()))));
        }
        safetensors::serialize(tensors, None).map_err(|problem| {
            let path = "the classifier's file".into();
            FeatureError::Format { path, problem: problem.to_string() }
        })
    }

    fn load(weights: &Weights<'_>, device: &Device) -> Result<Self, FeatureError> {
        let convolutions = (0..3)
            .map(|i| weights.conv2d(&convolution_name(i), &convolution(i), device))
            .collect::<Result<_, _>>()?;
        let hidden = weights.linear("hidden", [FLAT, FEATURES], device)?;
        let head = weights.linear("head", [FEATURES, CLASSES], device)?;
        Ok(Self { convolutions, hidden, head })
    }
}

fn convolution(layer: usize) -> Conv2dConfig {
    Conv2dConfig::new([CHANNELS[layer], CHANNELS[layer + 1]], [3, 3])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
}

fn convolution_name(layer: usize) -> String {
    format!("convolutions.{layer}")
}

/// A trained [`ClassifierNetwork`].
///
/// | constructor | data | error on the test set |
/// |---|---|---|
/// | [`digits`](Self::digits) | MNIST | 0.54 % |
/// | [`fashion`](Self::fashion) | Fashion-MNIST | 9.21 % |
///
/// The errors are those on the 10 000 test images, as measured by
/// `cargo run --release -p ebm-run --example classifier -- test digits` (or `fashion`). The weights
/// are this project's own, under its licence: `… -- train digits` made them from the training set
/// alone.
#[derive(Clone, Debug)]
pub struct Classifier {
    name: &'static str,
    network: ClassifierNetwork,
}

impl Classifier {
    /// Creates the classifier of digits.
    ///
    /// # Errors
    /// None in a build whose tests pass: the weights are embedded.
    pub fn digits(device: &Device) -> Result<Self, FeatureError> {
        Self::parse("digit classifier", include_bytes!("weights/digits.safetensors"), device)
    }

    /// Creates the classifier of clothes.
    ///
    /// # Errors
    /// The errors of [`digits`](Self::digits).
    pub fn fashion(device: &Device) -> Result<Self, FeatureError> {
        Self::parse("fashion classifier", include_bytes!("weights/fashion.safetensors"), device)
    }

    fn parse(name: &'static str, bytes: &[u8], device: &Device) -> Result<Self, FeatureError> {
        let network = ClassifierNetwork::load(&Weights::parse(name, bytes)?, device)?;
        Ok(Self { name, network })
    }

    /// Returns the most probable class of each image.
    ///
    /// # Shapes
    /// - `images`: `[n, 1, 28, 28]` in [−1, 1]
    ///
    /// # Errors
    /// [`FeatureError::Images`] if the images have another shape.
    pub fn classify(&self, images: Tensor<4>) -> Result<Vec<u8>, FeatureError> {
        let classes = self.logits(images)?.argmax(1).into_data();
        Ok(classes.iter::<u8>().collect())
    }

    fn logits(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        in_parts(self.check(images)?, PART, |part| Ok(self.network.logits(part)))
    }

    fn check(&self, images: Tensor<4>) -> Result<Tensor<4>, FeatureError> {
        let given = images.dims();
        if given[0] > 0 && given[1..] == [1, 28, 28] {
            return Ok(images);
        }
        let expected = "[n, 1, 28, 28] with n of 1 or more";
        Err(FeatureError::Images { network: self.name.into(), given, expected })
    }
}

impl FeatureNetwork for Classifier {
    fn name(&self) -> &str {
        self.name
    }

    fn dim(&self) -> usize {
        FEATURES
    }

    fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        in_parts(self.check(images)?, PART, |part| Ok(self.network.features(part)))
    }

    fn probabilities(&self, images: Tensor<4>) -> Result<Option<Tensor<2>>, FeatureError> {
        Ok(Some(softmax(self.logits(images)?, 1)))
    }
}
