//! Descriptions of convolutions with SAME padding.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::Device;
use ebm_tensor::ImageShape;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NetworkError;
use crate::padding::{same_output, same_padding};

/// A description of a convolution with SAME padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvLayer {
    /// The number of output channels.
    pub channels: usize,
    /// The side of the square kernel.
    pub kernel: usize,
    /// The stride in both directions.
    pub stride: usize,
}

impl ConvLayer {
    /// Checks the numbers of a list of layers.
    ///
    /// # Errors
    /// [`NetworkError::NoLayers`], or the first field that is zero or too large.
    pub fn check_all(layers: &[Self]) -> Result<(), NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::NoLayers { field: "layers".into() });
        }
        for (i, layer) in layers.iter().enumerate() {
            NetworkError::check_count(format!("layers[{i}].channels"), layer.channels)?;
            NetworkError::check_count(format!("layers[{i}].kernel"), layer.kernel)?;
            NetworkError::check_count(format!("layers[{i}].stride"), layer.stride)?;
        }
        Ok(())
    }

    /// Checks that the sizes of the layers on images of a given shape are possible, and returns the
    /// shape of the last layer's output.
    ///
    /// # Errors
    /// [`NetworkError::TooLarge`], naming the layer.
    pub fn check_sizes(layers: &[Self], image: ImageShape) -> Result<ImageShape, NetworkError> {
        let ImageShape { mut channels, side: mut size } = image;
        for (i, layer) in layers.iter().enumerate() {
            let name = || format!("layers[{i}]");
            let weights = [channels, layer.channels, layer.kernel, layer.kernel];
            NetworkError::check_product(name(), "weights", &weights)?;
            let padded = size + layer.kernel;
            NetworkError::check_product(name(), "padded input", &[channels, padded, padded])?;
            (channels, size) = (layer.channels, same_output(size, layer.stride));
            NetworkError::check_product(name(), "activations", &[channels, size, size])?;
        }
        Ok(ImageShape::new(channels, size))
    }

    /// Returns the convolutions of a list of layers on images of a given shape, and the shape of
    /// the last output.
    pub fn init_all(
        layers: &[Self],
        image: ImageShape,
        device: &Device,
    ) -> (Vec<Conv2d>, ImageShape) {
        let ImageShape { mut channels, side: mut size } = image;
        let mut convolutions = Vec::with_capacity(layers.len());
        for layer in layers {
            let config =
                Conv2dConfig::new([channels, layer.channels], [layer.kernel, layer.kernel])
                    .with_stride([layer.stride, layer.stride])
                    .with_padding(same_padding(size, layer.kernel, layer.stride));
            convolutions.push(config.init(device));
            (channels, size) = (layer.channels, same_output(size, layer.stride));
        }
        (convolutions, ImageShape::new(channels, size))
    }
}
