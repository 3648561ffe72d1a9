//! The path of a condition that is an image, at every size of a decoder.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};
use ebm_layers::{NetworkError, leaky_relu, same_output, same_padding};
use ebm_tensor::ImageShape;

use crate::up_layer::UpLayer;

const SLOPE: f64 = 0.2;

/// Convolutions down from the size of the condition to the smallest of the decoder, and one across
/// to each layer, as in a U-Net (Ronneberger, Fischer and Brox, MICCAI 2015). Sums take the place
/// of concatenations, which is equivalent for convolutions.
#[derive(Module, Debug)]
pub(crate) struct Pyramid {
    down: Vec<Conv2d>,
    across: Vec<Conv2d>,
    /// The index of the output of `down` that goes across to each layer.
    levels: Vec<usize>,
}

impl Pyramid {
    /// Returns the convolutions for conditions of a given shape, with `width` channels inside.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`], if the size of a layer cannot be reached by halving.
    pub(crate) fn new(
        layers: &[UpLayer],
        width: usize,
        condition: ImageShape,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        NetworkError::check_count("condition_channels", width)?;
        let ImageShape { channels, side } = condition;
        let smallest = layers.iter().map(|layer| layer.size).min().unwrap_or(side);
        let (mut sizes, mut down) = (vec![side], vec![conv(channels, width, 3, 1, side, device)]);
        while let Some(&size) = sizes.last().filter(|&&size| size > smallest) {
            down.push(conv(width, width, 4, 2, size, device));
            sizes.push(same_output(size, 2));
        }
        let (mut across, mut levels) = (Vec::new(), Vec::new());
        for (i, layer) in layers.iter().enumerate() {
            let Some(level) = sizes.iter().position(|&size| size == layer.size) else {
                let (field, given) = (format!("layers[{i}].size"), layer.size.to_string());
                let expected =
                    "the image's size, halved some times, where an image is the condition";
                return Err(NetworkError::OutOfRange { field, given, expected });
            };
            across.push(conv(width, layer.channels, 3, 1, layer.size, device));
            levels.push(level);
        }
        Ok(Self { down, across, levels })
    }

    /// Returns the sums that the condition adds to each layer of the decoder, `[batch, channels,
    /// size, size]` of the layer.
    pub(crate) fn sums(&self, condition: Tensor<4>) -> Vec<Tensor<4>> {
        let mut features: Vec<Tensor<4>> = Vec::with_capacity(self.down.len());
        for convolution in &self.down {
            let below = features.last().unwrap_or(&condition).clone();
            features.push(leaky_relu(convolution.forward(below), SLOPE));
        }
        let layers = self.across.iter().zip(&self.levels);
        layers.map(|(across, &level)| across.forward(features[level].clone())).collect()
    }
}

fn conv(
    from: usize,
    to: usize,
    kernel: usize,
    stride: usize,
    size: usize,
    device: &Device,
) -> Conv2d {
    Conv2dConfig::new([from, to], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(same_padding(size, kernel, stride))
        .init(device)
}
