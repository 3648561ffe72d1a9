//! SqueezeNet 1.1: a small ImageNet classifier whose features are 512 means.

use std::path::Path;

use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};

use super::error::FeatureError;
use super::layers::global_mean;
use super::network::FeatureNetwork;
use super::parts::in_parts;
use super::resize::colour;
use super::weights::{WeightFile, Weights};

const SIDE: usize = 227;
/// The mean of ImageNet's images: blue, green, red, from 0 to 255.
const MEAN: [f32; 3] = [103.939, 116.779, 123.68];
/// The outputs of each module's 1 × 1 "squeeze" and of each of its two expanding convolutions.
const FIRE: [[usize; 2]; 8] =
    [[16, 64], [16, 64], [32, 128], [32, 128], [48, 192], [48, 192], [64, 256], [64, 256]];
/// The modules that are preceded by 3 × 3 max pooling with stride 2.
const POOLED: [usize; 3] = [0, 2, 4];
const FEATURES: usize = 512;
const CLASSES: usize = 1000;
/// The number of images at a time; 16 need 150 MB of activations.
const PART: usize = 16;

/// The network SqueezeNet 1.1 (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer
/// parameters", 2016). The features are the spatial means of the last fire module's 512 channels,
/// the probabilities those of ImageNet's 1000 classes.
///
/// Grey images are tiled to RGB; all are resized to 227 × 227 and passed to the network as BGR from
/// 0 to 255 minus ImageNet's mean, as in the authors' Caffe model.
///
/// Weights: those of the Python package `ndf` 0.1.4 (MIT), which are the authors' (BSD 2-Clause),
/// converted by `scripts/feature_weights.py`.
#[derive(Clone, Debug)]
pub struct SqueezeNet {
    first: Conv2d,
    fire: Vec<Fire>,
    last: Conv2d,
}

#[derive(Clone, Debug)]
struct Fire {
    squeeze: Conv2d,
    expand: [Conv2d; 2],
}

impl Fire {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let squeezed = relu(self.squeeze.forward(x));
        let [small, large] = &self.expand;
        relu(Tensor::cat(vec![small.forward(squeezed.clone()), large.forward(squeezed)], 1))
    }
}

impl SqueezeNet {
    /// Reads weights from a file.
    ///
    /// # Errors
    /// If the file cannot be read, is truncated, or belongs to another network; the error names the
    /// tensor.
    pub fn open(weights: &Path, device: &Device) -> Result<Self, FeatureError> {
        Self::load(&WeightFile::read(weights)?.weights()?, device)
    }

    fn load(weights: &Weights<'_>, device: &Device) -> Result<Self, FeatureError> {
        let convolution = |name: &str, channels, kernel: usize, stride, padding| {
            let config = Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding));
            weights.conv2d(name, &config, device)
        };
        let first = convolution("conv1", [3, 64], 3, 2, 0)?;
        let mut inputs = 64;
        let mut fire = Vec::new();
        for (index, [squeezed, expanded]) in FIRE.into_iter().enumerate() {
            let name = |part: &str| format!("fire{}.{part}", index + 2);
            fire.push(Fire {
                squeeze: convolution(&name("squeeze1x1"), [inputs, squeezed], 1, 1, 0)?,
                expand: [
                    convolution(&name("expand1x1"), [squeezed, expanded], 1, 1, 0)?,
                    convolution(&name("expand3x3"), [squeezed, expanded], 3, 1, 1)?,
                ],
            });
            inputs = 2 * expanded;
        }
        let last = convolution("conv10", [inputs, CLASSES], 1, 1, 0)?;
        Ok(Self { first, fire, last })
    }

    /// Computes the last fire module's output for images of [`SIDE`].
    fn activations(&self, images: Tensor<4>) -> Tensor<4> {
        let mean = Tensor::<1>::from_data(MEAN, &images.device()).reshape([1, 3, 1, 1]);
        let x = (images.flip([1]) + 1.0) * 127.5 - mean;
        let x = relu(self.first.forward(x));
        self.fire.iter().enumerate().fold(x, |x, (index, fire)| {
            let halve = MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_ceil_mode(true);
            fire.forward(if POOLED.contains(&index) { max_pool2d(x, halve) } else { x })
        })
    }
}

impl FeatureNetwork for SqueezeNet {
    fn name(&self) -> &str {
        "SqueezeNet 1.1"
    }

    fn dim(&self) -> usize {
        FEATURES
    }

    fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        in_parts(images, PART, |part| {
            Ok(global_mean(self.activations(colour(self.name(), part, SIDE)?)))
        })
    }

    fn probabilities(&self, images: Tensor<4>) -> Result<Option<Tensor<2>>, FeatureError> {
        let probabilities = in_parts(images, PART, |part| {
            let activations = self.activations(colour(self.name(), part, SIDE)?);
            Ok(softmax(global_mean(relu(self.last.forward(activations))), 1))
        });
        probabilities.map(Some)
    }
}
