//! Decoders g_φ(z), the mean of p_φ(x|z).

use burn::module::Module;
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::activation::tanh;
use burn::tensor::{Device, Tensor};
use ebm_layers::{NetworkError, leaky_relu};
use ebm_tensor::{Condition, ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::norm::BatchStatNorm;
use crate::pyramid::Pyramid;
use crate::resnet::{Resnet, ResnetConfig};
use crate::up_layer::UpLayer;

/// A description of a [`Decoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecoderConfig {
    /// The layers, from `[latent, 1, 1]` up to the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<UpLayer>,
    /// An image-to-image generator in place of the layers, for conditions that are images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resnet: Option<ResnetConfig>,
    /// The negative slope of the LeakyReLU; 0 for ReLU.
    pub slope: f64,
    /// The number of channels, at every size, of the path of a condition that is an image. A class
    /// is appended to z.
    #[serde(default = "condition_channels", skip_serializing_if = "is_default")]
    pub condition_channels: usize,
}

fn condition_channels() -> usize {
    32
}

fn is_default(channels: &usize) -> bool {
    *channels == condition_channels()
}

impl DecoderConfig {
    /// Returns the released network for MNIST and Fashion-MNIST (779 713 parameters with 100
    /// latents).
    pub fn mnist() -> Self {
        Self {
            layers: vec![
                UpLayer { channels: 256, kernel: 4, stride: 1, size: 4, norm: true },
                UpLayer { channels: 128, kernel: 3, stride: 2, size: 7, norm: true },
                UpLayer { channels: 64, kernel: 3, stride: 2, size: 14, norm: true },
                UpLayer { channels: 1, kernel: 3, stride: 2, size: 28, norm: false },
            ],
            slope: 0.0,
            resnet: None,
            condition_channels: condition_channels(),
        }
    }

    /// Returns the released network for CIFAR-10 (1 104 515 parameters with 100 latents).
    pub fn cifar() -> Self {
        Self {
            layers: vec![
                UpLayer { channels: 256, kernel: 4, stride: 1, size: 4, norm: true },
                UpLayer { channels: 128, kernel: 4, stride: 2, size: 8, norm: true },
                UpLayer { channels: 64, kernel: 4, stride: 2, size: 16, norm: true },
                UpLayer { channels: 64, kernel: 3, stride: 2, size: 32, norm: false },
                UpLayer { channels: 3, kernel: 3, stride: 1, size: 32, norm: false },
            ],
            slope: 0.2,
            resnet: None,
            condition_channels: condition_channels(),
        }
    }

    /// Checks the values of all fields.
    ///
    /// # Errors
    /// [`NetworkError`] for the first field with which no network can be built.
    pub fn validate(&self, latent: usize) -> Result<(), NetworkError> {
        if let Some(resnet) = &self.resnet {
            if !self.layers.is_empty() {
                let (field, given) = ("layers".into(), "not empty".into());
                let expected = "empty where resnet is given";
                return Err(NetworkError::OutOfRange { field, given, expected });
            }
            return resnet.validate();
        }
        if self.layers.is_empty() {
            return Err(NetworkError::NoLayers { field: "layers".into() });
        }
        let mut channels = latent;
        let mut input = 1;
        for (i, layer) in self.layers.iter().enumerate() {
            let field = |name: &str| format!("layers[{i}].{name}");
            NetworkError::check_count(field("channels"), layer.channels)?;
            NetworkError::check_count(field("kernel"), layer.kernel)?;
            NetworkError::check_count(field("stride"), layer.stride)?;
            NetworkError::check_count(field("size"), layer.size)?;
            let full = (input - 1) * layer.stride + layer.kernel;
            NetworkError::check_range(
                field("size"),
                layer.size as f64,
                layer.size <= full,
                "at most (input size − 1) · stride + kernel",
            )?;
            let weights = [channels, layer.channels, layer.kernel, layer.kernel];
            NetworkError::check_product(format!("layers[{i}]"), "weights", &weights)?;
            let activations = [layer.channels, full, full];
            NetworkError::check_product(format!("layers[{i}]"), "activations", &activations)?;
            (channels, input) = (layer.channels, layer.size);
        }
        NetworkError::check_range(
            "slope",
            self.slope,
            (0.0..1.0).contains(&self.slope),
            "in [0, 1)",
        )
    }

    /// Checks that the number of latents is one that the decoder takes.
    pub(crate) fn check_latent(&self, latent: usize) -> Result<(), NetworkError> {
        self.resnet.as_ref().map_or(Ok(()), |resnet| resnet.check_latent(latent))
    }

    /// Checks that the last layer's outputs have the shape of the images.
    pub(crate) fn check_image(&self, image: ImageShape) -> Result<(), NetworkError> {
        if let Some(resnet) = &self.resnet {
            return resnet.check_image(image);
        }
        let Some(last) = self.layers.last() else { return Ok(()) };
        let field = |name| format!("layers[{}].{name}", self.layers.len() - 1);
        NetworkError::check_range(
            field("size"),
            last.size as f64,
            last.size == image.side,
            "the side of the images, as this is the last layer",
        )?;
        NetworkError::check_range(
            field("channels"),
            last.channels as f64,
            last.channels == image.channels,
            "the channels of the images, as this is the last layer",
        )
    }

    /// Returns g(z) for images of shape `images`, or g(z, c) for a given shape of c.
    pub(crate) fn init(
        &self,
        images: ImageShape,
        latent: usize,
        condition: Option<ConditionShape>,
        device: &Device,
    ) -> Result<Decoder, NetworkError> {
        let (classes, image) = match condition {
            Some(ConditionShape::Class { classes }) => (classes, None),
            Some(ConditionShape::Image(shape)) => (0, Some(shape)),
            None => (0, None),
        };
        let (mut channels, mut input) = (latent + classes, 1);
        let mut convolutions = Vec::with_capacity(self.layers.len());
        let mut norms = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let before = ((input - 1) * layer.stride + layer.kernel - layer.size) / 2;
            let config = ConvTranspose2dConfig::new(
                [channels, layer.channels],
                [layer.kernel, layer.kernel],
            )
            .with_stride([layer.stride, layer.stride])
            .with_padding([before, before]);
            convolutions.push(config.init(device));
            norms.push(layer.norm.then(|| BatchStatNorm::new(layer.channels, device)));
            (channels, input) = (layer.channels, layer.size);
        }
        let sizes = self.layers.iter().map(|layer| layer.size).collect();
        let resnet = match (&self.resnet, image) {
            (None, _) => None,
            (Some(resnet), Some(shape)) if shape.side == images.side => {
                Some(resnet.init(shape.channels, images.channels, device))
            }
            (Some(_), _) => {
                return Err(NetworkError::Condition {
                    given: condition.map_or("absent".into(), |shape| shape.to_string()),
                    expected: "an image as large as x, for the decoder's resnet",
                });
            }
        };
        let image = image.filter(|_| resnet.is_none());
        let pyramid = |image| Pyramid::new(&self.layers, self.condition_channels, image, device);
        let condition = image.map(pyramid).transpose()?;
        Ok(Decoder { convolutions, norms, condition, resnet, sizes, slope: self.slope, latent })
    }
}

/// A network that maps latent codes to images in [−1, 1].
#[derive(Module, Debug)]
pub struct Decoder {
    convolutions: Vec<ConvTranspose2d>,
    norms: Vec<Option<BatchStatNorm>>,
    /// The path of a condition that is an image; after the other parameters, so that an
    /// unconditional network draws the same ones without it.
    condition: Option<Pyramid>,
    /// The generator in place of all the above.
    resnet: Option<Resnet>,
    sizes: Vec<usize>,
    slope: f64,
    latent: usize,
}

impl Decoder {
    /// Returns the images g(z), or g(z, c) under a condition, in [−1, 1].
    ///
    /// # Shapes
    /// - `z`: `[batch, latent]`
    /// - output: `[batch, channels, height, width]`
    pub fn forward(&self, z: Tensor<2>, condition: Option<&Condition>) -> Tensor<4> {
        let maps = condition.map(|condition| condition.clone().into_maps());
        let maps = match (&self.resnet, maps) {
            (Some(resnet), Some(image)) => return resnet.forward(z, image),
            (_, maps) => maps,
        };
        let [batch, latent] = z.dims();
        let mut x = z.reshape([batch, latent, 1, 1]);
        let mut added = Vec::new();
        match (&self.condition, maps) {
            (Some(pyramid), Some(image)) => added = pyramid.sums(image),
            (None, Some(class)) => x = Tensor::cat(vec![x, class], 1),
            (_, None) => {}
        }
        let mut added = added.into_iter();
        let last = self.convolutions.len().saturating_sub(1);
        for (i, convolution) in self.convolutions.iter().enumerate() {
            x = if x.dims()[2..] == [1, 1] {
                dense(convolution, x)
            } else {
                convolution.forward(x)
            };
            // The padding is cropped evenly by the convolution; the odd row and column are cropped
            // here.
            x = x.narrow(2, 0, self.sizes[i]).narrow(3, 0, self.sizes[i]);
            if let Some(added) = added.next() {
                x = x + added;
            }
            if let Some(norm) = &self.norms[i] {
                x = norm.forward(x);
            }
            x = if i == last { tanh(x) } else { leaky_relu(x, self.slope) };
        }
        x
    }

    pub(crate) fn latent(&self) -> usize {
        self.latent
    }
}

/// Computes a transposed convolution of a single pixel. Every tap is one output pixel, so it is a
/// matrix product, which backends compute several times faster.
fn dense(convolution: &ConvTranspose2d, x: Tensor<4>) -> Tensor<4> {
    let weight = convolution.weight.val();
    let [channels_in, channels, height, width] = weight.dims();
    let pixels = height * width;
    let product = x.flatten::<2>(1, 3).matmul(weight.reshape([channels_in, channels * pixels]));
    let [before, _] = convolution.padding;
    let y = product.reshape([-1, channels as i32, height as i32, width as i32]);
    let y = y.narrow(2, before, height - 2 * before).narrow(3, before, width - 2 * before);
    match &convolution.bias {
        Some(bias) => y + bias.val().reshape([1, channels, 1, 1]),
        None => y,
    }
}

#[cfg(test)]
impl Decoder {
    /// The weights of layer `i`, `[channels_in, channels_out, kernel, kernel]`.
    pub(crate) fn weight(&self, i: usize) -> Tensor<4> {
        self.convolutions[i].weight.val()
    }
}
