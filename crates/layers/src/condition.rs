//! What a network is told besides x: a class, or another image.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::padding::{same_output, same_padding};
use crate::{ConvLayer, NetworkError};

/// Where a convolutional network sees its condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionConfig {
    /// The layer, counted from 0, that sees the condition as more channels of its input.
    pub layer: usize,
    /// For a class: not as one-hot channels that the layer's kernel goes over, but as one learned number for each of
    /// the layer's channels, the same at every pixel.
    #[serde(default)]
    pub embedding: bool,
}

/// The part of a layer's weights that belongs to the condition. A convolution of [x, c] is one of x plus one of c,
/// so what c gives can be kept while x moves.
#[derive(Module, Debug)]
pub struct ConditionLayer {
    convolution: Conv2d,
    /// Whose sums it adds to.
    layer: usize,
    /// Sides of that layer's input and output.
    sides: [usize; 2],
}

impl ConditionConfig {
    /// The weights, for conditions of `[channels, side, side]` (side 1 for classes, one-hot), in the network `field`
    /// of `layers` on images of `[channels, size, size]`.
    ///
    /// # Errors
    /// [`NetworkError`], if there is no such layer or its input is not as large as the condition.
    pub fn init(
        &self,
        field: &str,
        layers: &[ConvLayer],
        image: [usize; 2],
        [channels, side]: [usize; 2],
        device: &Device,
    ) -> Result<ConditionLayer, NetworkError> {
        let name = format!("{field}.condition.layer");
        let wrong = |expected| {
            let given = self.layer.to_string();
            Err(NetworkError::OutOfRange { field: name.clone(), given, expected })
        };
        let Some(layer) = layers.get(self.layer) else {
            return wrong("one of the layers, counted from 0");
        };
        NetworkError::check_count("condition channels", channels)?;
        let input = layers[..self.layer].iter().fold(image[1], |s, l| same_output(s, l.stride));
        if side != 1 && side != input {
            return wrong("0 for a condition that is an image: it goes beside x");
        }
        let weights = [channels, layer.channels, layer.kernel, layer.kernel];
        NetworkError::check_product(name, "weights of the condition", &weights)?;
        let (kernel, stride, padding) = match self.embedding && side == 1 {
            true => (1, 1, PaddingConfig2d::Valid),
            false => (layer.kernel, layer.stride, same_padding(input, layer.kernel, layer.stride)),
        };
        let config = Conv2dConfig::new([channels, layer.channels], [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(padding)
            .with_bias(false);
        let sides = [input, same_output(input, layer.stride)];
        Ok(ConditionLayer { convolution: config.init(device), layer: self.layer, sides })
    }
}

impl ConditionLayer {
    /// The layer whose sums it adds to.
    pub fn layer(&self) -> usize {
        self.layer
    }

    /// What is added to the layer's sums.
    ///
    /// # Shapes
    /// - `condition`: `[batch, channels, side, side]`, side 1 for classes
    /// - output: `[batch, channels, height, width]` of the layer's output
    pub fn sums(&self, condition: Tensor<4>) -> Tensor<4> {
        let [batch, channels, side, _] = condition.dims();
        let [input, output] = self.sides;
        let spread = side == 1 && self.convolution.kernel_size == [1, 1];
        let condition = match side == 1 && !spread {
            true => condition.expand([batch, channels, input, input]),
            false => condition,
        };
        let sums = self.convolution.forward(condition);
        let width = sums.dims()[1];
        if spread { sums.expand([batch, width, output, output]) } else { sums }
    }

    /// The weights of its convolution, `[channels_out, channels_in, kernel, kernel]`.
    pub fn weight(&self) -> &burn::module::Param<Tensor<4>> {
        &self.convolution.weight
    }
}
