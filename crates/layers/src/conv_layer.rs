//! Convolutions with SAME padding, as networks describe them.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::Device;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NetworkError;
use crate::padding::{same_output, same_padding};

/// One convolution with SAME padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvLayer {
    /// Output channels.
    pub channels: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
}

impl ConvLayer {
    /// Checks the numbers of a list of layers, named `field` in a recipe.
    ///
    /// # Errors
    /// The first field that is zero, or [`NetworkError::NoLayers`].
    pub fn check_all(field: &str, layers: &[Self]) -> Result<(), NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::NoLayers { field: field.into() });
        }
        for (i, layer) in layers.iter().enumerate() {
            NetworkError::check_count(format!("{field}[{i}].channels"), layer.channels)?;
            NetworkError::check_count(format!("{field}[{i}].kernel"), layer.kernel)?;
            NetworkError::check_count(format!("{field}[{i}].stride"), layer.stride)?;
        }
        Ok(())
    }

    /// Checks that the layers on images of `[channels, size, size]` are of a possible size; gives the last
    /// layer's channels and size.
    ///
    /// # Errors
    /// [`NetworkError::TooLarge`], naming the layer.
    pub fn check_sizes(
        field: &str,
        layers: &[Self],
        [mut channels, mut size]: [usize; 2],
    ) -> Result<[usize; 2], NetworkError> {
        for (i, layer) in layers.iter().enumerate() {
            let name = || format!("{field}[{i}]");
            let weights = [channels, layer.channels, layer.kernel, layer.kernel];
            NetworkError::check_product(name(), "weights", &weights)?;
            let padded = size + layer.kernel;
            NetworkError::check_product(name(), "padded input", &[channels, padded, padded])?;
            (channels, size) = (layer.channels, same_output(size, layer.stride));
            NetworkError::check_product(name(), "activations", &[channels, size, size])?;
        }
        Ok([channels, size])
    }

    /// The convolutions of a list of layers on square images, and the side of the last output.
    pub fn init_all(
        layers: &[Self],
        channels: usize,
        size: usize,
        device: &Device,
    ) -> (Vec<Conv2d>, usize) {
        let (mut channels, mut size) = (channels, size);
        let mut convolutions = Vec::with_capacity(layers.len());
        for layer in layers {
            let config =
                Conv2dConfig::new([channels, layer.channels], [layer.kernel, layer.kernel])
                    .with_stride([layer.stride, layer.stride])
                    .with_padding(same_padding(size, layer.kernel, layer.stride));
            convolutions.push(config.init(device));
            (channels, size) = (layer.channels, same_output(size, layer.stride));
        }
        (convolutions, size)
    }
}
