//! Residual energies: smooth (SiLU), with skip connections and optional spectral normalisation.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::AvgPool2dConfig;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use ebm_energy::{Energy, Frozen};
use ebm_layers::{NetworkError, same_output, same_padding};
use ebm_noise::streams::residual_energy as stream;
use ebm_noise::{Key, initialise_fan_in};
use ebm_tensor::ImageShape;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{self, SpectralNorm};

/// A description of a [`ResidualEnergy`], as in "Implicit generation and modeling with energy-based
/// models" (Du and Mordatch, NeurIPS 2019): a convolution, stages of residual blocks between which
/// images are halved, a sum over pixels, and a dense head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidualEnergyConfig {
    /// The number of channels of each stage.
    pub channels: Vec<usize>,
    /// The number of residual blocks of each stage.
    pub blocks: usize,
    /// Divides each weight by its largest singular value. The Lipschitz constant of a k × k
    /// convolution is then at most k.
    pub spectral_norm: bool,
}

impl ResidualEnergyConfig {
    /// Checks the values of all fields.
    ///
    /// # Errors
    /// [`NetworkError`] for the first field with which no network can be built.
    pub fn validate(&self) -> Result<(), NetworkError> {
        if self.channels.is_empty() {
            return Err(NetworkError::NoLayers { field: "channels".into() });
        }
        for (i, &channels) in self.channels.iter().enumerate() {
            NetworkError::check_count(format!("channels[{i}]"), channels)?;
        }
        NetworkError::check_count("blocks", self.blocks)
    }

    /// Returns the network for images of a given shape, drawn from `key`.
    ///
    /// # Errors
    /// Returns the errors of [`validate`](Self::validate), and an error for a network larger than
    /// any memory.
    pub fn init(
        &self,
        image: ImageShape,
        key: Key,
        device: &Device,
    ) -> Result<ResidualEnergy, NetworkError> {
        self.validate()?;
        NetworkError::check_image(image)?;
        self.check_sizes(image)?;
        let stem = convolution(image.channels, self.channels[0], 3).init(device);
        // Scales the sum of all blocks to the size of one, so that initial outputs are moderate at
        // any depth.
        let scale = 1.0 / ((self.channels.len() * self.blocks) as f64).sqrt();
        let mut below = self.channels[0];
        let mut stages = Vec::with_capacity(self.channels.len());
        for &channels in &self.channels {
            let block = |index| {
                let below = if index == 0 { below } else { channels };
                ResidualBlock::new(below, channels, scale, device)
            };
            stages.push(Stage { blocks: (0..self.blocks).map(block).collect() });
            below = channels;
        }
        let head = LinearConfig::new(below, 1).init(device);
        let network =
            initialise_fan_in(ResidualEnergy { stem, stages, head }, key.fold(stream::WEIGHTS));
        Ok(if self.spectral_norm {
            spectral::normalise(network, key.fold(stream::SINGULAR_VECTORS))
        } else {
            network
        })
    }

    fn check_sizes(&self, image: ImageShape) -> Result<(), NetworkError> {
        let ImageShape { channels: mut below, side: mut size } = image;
        for (i, &channels) in self.channels.iter().enumerate() {
            let name = || format!("channels[{i}]");
            let weights = [self.blocks + 1, 2, 9, channels, channels.max(below)];
            NetworkError::check_product(name(), "weights", &weights)?;
            let activations = [channels.max(below), size + 2, size + 2];
            NetworkError::check_product(name(), "activations", &activations)?;
            (below, size) = (channels, same_output(size, 2));
        }
        Ok(())
    }
}

/// A residual network f_θ(x), the negative energy. As an [`Energy`] it is U(x) = −f_θ(x).
#[derive(Module, Debug)]
pub struct ResidualEnergy {
    stem: Conv2d,
    stages: Vec<Stage>,
    head: Linear,
}

#[derive(Module, Debug)]
struct Stage {
    blocks: Vec<ResidualBlock>,
}

/// A block S(x) + s·C₂(silu(C₁(x))), where S is a 1 × 1 convolution if the number of channels
/// changes, otherwise the identity.
#[derive(Module, Debug)]
struct ResidualBlock {
    first: Conv2d,
    second: Conv2d,
    skip: Option<Conv2d>,
    scale: f64,
}

impl ResidualEnergy {
    /// Returns f_θ(x), which is high where the model expects data.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - output: `[batch]`
    pub fn negative_energy(&self, x: Tensor<4>) -> Tensor<1> {
        // An odd last row or column is averaged by itself, so that every pixel counts.
        let halve =
            AvgPool2dConfig::new([2, 2]).with_count_include_pad(false).with_ceil_mode(true).init();
        let mut hidden = self.stem.forward(x);
        for (index, stage) in self.stages.iter().enumerate() {
            hidden = if index == 0 { hidden } else { halve.forward(hidden) };
            hidden = stage.blocks.iter().fold(hidden, |hidden, block| block.forward(hidden));
        }
        let features = silu(hidden).flatten::<3>(2, 3).sum_dim(2).squeeze_dim::<2>(2);
        self.head.forward(features).squeeze_dim::<1>(1)
    }

    /// Makes one step of the power iteration by which spectral normalisation estimates singular
    /// values. Call it after each update of the weights. Does nothing without spectral
    /// normalisation.
    pub fn renormalise(self) -> Self {
        if self.is_normalised() { spectral::advance(self) } else { self }
    }

    /// Returns the network without autodiff, with weights that are already divided if they are
    /// normalised.
    pub(crate) fn materialised(&self) -> Self {
        if self.is_normalised() { self.valid().materialize() } else { self.valid() }
    }

    fn is_normalised(&self) -> bool {
        self.stem.weight.reparameterization::<SpectralNorm>().is_some()
    }
}

impl ResidualBlock {
    fn new(below: usize, channels: usize, scale: f64, device: &Device) -> Self {
        let skip = || convolution(below, channels, 1).with_bias(false).init(device);
        Self {
            first: convolution(below, channels, 3).init(device),
            second: convolution(channels, channels, 3).init(device),
            skip: (below != channels).then(skip),
            scale,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let residual = self.second.forward(silu(self.first.forward(x.clone())));
        let skip = self.skip.as_ref().map_or(x.clone(), |skip| skip.forward(x));
        skip + residual * self.scale
    }
}

impl Energy<4> for ResidualEnergy {
    fn energy(&self, x: Tensor<4>) -> Tensor<1> {
        self.negative_energy(x).neg()
    }

    /// With spectral normalisation, divides the weights once instead of in every step.
    fn freeze(&self) -> Option<Frozen<'_, 4>> {
        self.is_normalised().then(|| Box::new(self.materialised()) as _)
    }
}

fn convolution(below: usize, channels: usize, kernel: usize) -> Conv2dConfig {
    Conv2dConfig::new([below, channels], [kernel, kernel])
        .with_padding(same_padding(kernel, kernel, 1))
}

#[cfg(test)]
mod tests;
