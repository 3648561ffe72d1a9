//! Layers that read a condition beside x: a class or another image.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};
use ebm_tensor::{Condition, ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::padding::{same_output, same_padding};
use crate::{ConvLayer, NetworkError};

/// A description of the layer of a convolutional network that reads the condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionConfig {
    /// The index of the layer whose input has the condition as additional channels, from 0.
    pub layer: usize,
    /// The form of a class: if true, it adds one learned number to each channel of the layer, the
    /// same at every pixel; otherwise it is one-hot channels under the kernel of the layer.
    #[serde(default)]
    pub embedding: bool,
}

/// The weights of a layer that belong to the condition. A convolution of [x, c] is one of x plus
/// one of c, so the sums of c can be kept while x changes.
#[derive(Module, Debug)]
pub struct ConditionLayer {
    convolution: Conv2d,
    /// The index of the layer whose sums the condition adds to.
    layer: usize,
    /// The sides of the input and the output of that layer.
    sides: [usize; 2],
}

impl ConditionConfig {
    /// Returns the weights for conditions of a given shape, in a network of `layers` on images of
    /// shape `image`.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] for `condition.layer`, if there is no such layer or its input
    /// is not as large as the condition; [`NetworkError::Condition`] for a condition without
    /// channels or classes.
    pub fn init(
        &self,
        layers: &[ConvLayer],
        image: ImageShape,
        condition: ConditionShape,
        device: &Device,
    ) -> Result<ConditionLayer, NetworkError> {
        let name = || "condition.layer".to_owned();
        let wrong = |expected| {
            let given = self.layer.to_string();
            Err(NetworkError::OutOfRange { field: name(), given, expected })
        };
        let Some(layer) = layers.get(self.layer) else {
            return wrong("one of the layers, counted from 0");
        };
        let (channels, embedding) = match condition {
            ConditionShape::Class { classes } => (classes, self.embedding),
            ConditionShape::Image(shape) => (shape.channels, false),
        };
        if !(1..=NetworkError::LARGEST_COUNT).contains(&channels) {
            let (given, expected) = (condition.to_string(), "of 1 to 16384 channels or classes");
            return Err(NetworkError::Condition { given, expected });
        }
        let input = layers[..self.layer].iter().fold(image.side, |s, l| same_output(s, l.stride));
        if matches!(condition, ConditionShape::Image(shape) if shape.side != input) {
            return wrong("0 for a condition that is an image: it goes beside x");
        }
        let weights = [channels, layer.channels, layer.kernel, layer.kernel];
        NetworkError::check_product(name(), "weights of the condition", &weights)?;
        let (kernel, stride, padding) = match embedding {
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
    /// Returns the index of the layer whose sums the condition adds to.
    pub fn layer(&self) -> usize {
        self.layer
    }

    /// Returns the terms that a condition adds to the sums of the layer.
    ///
    /// # Shapes
    /// - output: `[batch, channels, height, width]` of the layer's output
    pub fn sums(&self, condition: &Condition) -> Tensor<4> {
        let [input, output] = self.sides;
        let maps = condition.clone().into_maps();
        let [batch, channels, ..] = maps.dims();
        match condition {
            Condition::Image(_) => self.convolution.forward(maps),
            // An embedding: one number for each of the layer's channels.
            Condition::Class(_) if self.convolution.kernel_size == [1, 1] => {
                let sums = self.convolution.forward(maps);
                let width = sums.dims()[1];
                sums.expand([batch, width, output, output])
            }
            Condition::Class(_) => {
                self.convolution.forward(maps.expand([batch, channels, input, input]))
            }
        }
    }

    /// Returns the weights of the convolution, `[channels_out, channels_in, kernel, kernel]`.
    pub fn weight(&self) -> &burn::module::Param<Tensor<4>> {
        &self.convolution.weight
    }
}
