//! Inception v3 as in pytorch-fid: the network of published FIDs, inception scores and KIDs.

mod blocks;

use std::path::Path;

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, PaddingConfig2d};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor};

use self::blocks::{Layer, Pool, network};
use super::error::FeatureError;
use super::layers::global_mean;
use super::network::FeatureNetwork;
use super::parts::in_parts;
use super::resize::colour;
use super::weights::{WeightFile, Weights};

const SIDE: usize = 299;
const FEATURES: usize = 2048;
/// The number of classes: ImageNet's 1000 and eight that the released model does not use.
const CLASSES: usize = 1008;
const NORM_EPSILON: f64 = 1e-3;
/// The number of images at a time; 16 need 300 MB of activations.
const PART: usize = 16;

/// The network Inception v3 (Szegedy et al., "Rethinking the Inception architecture for computer
/// vision", CVPR 2016) with the weights and the peculiarities of the model of 2015-12-05, which
/// defines FID (Heusel et al., "GANs trained by a two time-scale update rule converge to a local
/// Nash equilibrium", 2017). The features are the 2048 spatial means of the last block, the
/// probabilities those of its 1008 classes.
///
/// It differs from torchvision's Inception v3 like `FIDInceptionA`, `C`, `E_1` and `E_2` of
/// pytorch-fid 0.3.0: average pools do not count padding, and the last block uses max pooling. Grey
/// images are tiled to RGB; all are resized to 299 × 299 and passed to the network in [−1, 1].
///
/// Weights: `pt_inception-2015-12-05-6726825d.pth` of pytorch-fid's releases (Apache-2.0; converted
/// from Google's), or a safetensors file with the same names.
#[derive(Clone, Debug)]
pub struct InceptionV3 {
    blocks: Vec<Vec<Branch>>,
    head: Linear,
}

/// A branch of a block; a block concatenates the channels of its branches.
#[derive(Clone, Debug)]
struct Branch {
    pool: Pool,
    chain: Vec<Conv2d>,
    fork: Vec<Conv2d>,
}

impl Branch {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let halve = MaxPoolOptions::new([3, 3]).with_stride([2, 2]);
        let x = match self.pool {
            Pool::Nothing => x,
            Pool::Mean => avg_pool2d(
                x,
                AvgPoolOptions::new([3, 3])
                    .with_stride([1, 1])
                    .with_padding([1, 1])
                    .with_count_include_pad(false),
            ),
            Pool::Max => max_pool2d(x, halve.with_stride([1, 1]).with_padding([1, 1])),
            Pool::Halve => max_pool2d(x, halve),
        };
        let x = self.chain.iter().fold(x, |x, layer| relu(layer.forward(x)));
        if self.fork.is_empty() {
            return x;
        }
        Tensor::cat(self.fork.iter().map(|layer| relu(layer.forward(x.clone()))).collect(), 1)
    }
}

impl InceptionV3 {
    /// Reads weights from a file.
    ///
    /// # Errors
    /// If the file cannot be read, is truncated, or belongs to another network; the error names the
    /// tensor.
    pub fn open(weights: &Path, device: &Device) -> Result<Self, FeatureError> {
        Self::load(&WeightFile::read(weights)?.weights()?, device)
    }

    fn load(weights: &Weights<'_>, device: &Device) -> Result<Self, FeatureError> {
        let mut channels = 3;
        let mut blocks = Vec::new();
        for block in network() {
            let layer = |inputs, layer: &Layer| {
                let name = match block.name {
                    "" => layer.name.to_owned(),
                    block => format!("{block}.{}", layer.name),
                };
                let [down, across] = layer.kernel.map(|k| if layer.padded { k / 2 } else { 0 });
                let config = Conv2dConfig::new([inputs, layer.outputs], layer.kernel)
                    .with_stride([layer.stride, layer.stride])
                    .with_padding(PaddingConfig2d::Explicit(down, across, down, across));
                let [conv, norm] = ["conv", "bn"].map(|part| format!("{name}.{part}"));
                weights.normalised_conv2d(&conv, &norm, &config, NORM_EPSILON, device)
            };
            let mut outputs = 0;
            let mut branches = Vec::new();
            for branch in block.branches {
                let mut inputs = channels;
                let mut chain = Vec::new();
                for part in &branch.chain {
                    chain.push(layer(inputs, part)?);
                    inputs = part.outputs;
                }
                let fork =
                    branch.fork.iter().map(|part| layer(inputs, part)).collect::<Result<_, _>>()?;
                outputs += match &branch.fork[..] {
                    [] => inputs,
                    fork => fork.iter().map(|part| part.outputs).sum(),
                };
                branches.push(Branch { pool: branch.pool, chain, fork });
            }
            blocks.push(branches);
            channels = outputs;
        }
        let head = weights.linear("fc", [channels, CLASSES], device)?;
        Ok(Self { blocks, head })
    }

    fn pooled(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        in_parts(images, PART, |part| {
            let x = colour(self.name(), part, SIDE)?;
            let x = self.blocks.iter().fold(x, |x, branches| {
                Tensor::cat(branches.iter().map(|branch| branch.forward(x.clone())).collect(), 1)
            });
            Ok(global_mean(x))
        })
    }
}

impl FeatureNetwork for InceptionV3 {
    fn name(&self) -> &str {
        "Inception v3 of FID"
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
