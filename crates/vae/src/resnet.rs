//! The image-to-image generator of the authors' conditional code ("generator_resnet128"):
//! down-sampling, residual blocks to which z is added, up-sampling.

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::activation::{relu, tanh};
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor};
use ebm_layers::NetworkError;
use ebm_tensor::ImageShape;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const EPSILON: f64 = 1e-5;

/// A description of a generator g(z, c) whose condition c is an image, in place of the layers of a
/// decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResnetConfig {
    /// The number of channels w of the first convolution; the next ones have 2w and 4w. The number
    /// of latents must be 4w.
    pub width: usize,
    /// The number of residual blocks.
    pub blocks: usize,
}

/// (x − mean) / √(variance + ε) · (1 + scale) + shift over the pixels of each image's channel
/// (Ulyanov, Vedaldi and Lempitsky 2016). The scale is stored minus 1, so that all such parameters
/// start at 0.
#[derive(Module, Debug)]
struct InstanceNorm {
    scale: Param<Tensor<1>>,
    shift: Param<Tensor<1>>,
}

/// The generator that [`ResnetConfig`] describes.
#[derive(Module, Debug)]
pub(crate) struct Resnet {
    /// 7 × 7, then two 3 × 3 of stride 2.
    down: Vec<Conv2d>,
    /// Two 3 × 3 for each block.
    blocks: Vec<Conv2d>,
    /// Two transposed 3 × 3 of stride 2.
    up: Vec<ConvTranspose2d>,
    /// 7 × 7.
    last: Conv2d,
    /// Normalisations of all convolutions but the last, in order.
    norms: Vec<InstanceNorm>,
}

impl ResnetConfig {
    pub(crate) fn validate(&self) -> Result<(), NetworkError> {
        NetworkError::check_count("resnet.width", self.width)?;
        NetworkError::check_count("resnet.blocks", self.blocks)?;
        let weights = [4 * self.width, 4 * self.width, 9, 2 * self.blocks];
        NetworkError::check_product("resnet", "weights", &weights)
    }

    /// Checks the field `latent` of the auto-encoder.
    pub(crate) fn check_latent(&self, latent: usize) -> Result<(), NetworkError> {
        let expected = "4 · decoder.resnet.width: z is added to the residual blocks' channels";
        NetworkError::check_range("latent", latent as f64, latent == 4 * self.width, expected)
    }

    pub(crate) fn check_image(&self, image: ImageShape) -> Result<(), NetworkError> {
        // Twice halved, and room for the reflected border.
        if image.side >= 8 && image.side.is_multiple_of(4) {
            return Ok(());
        }
        let expected = "a side that is a multiple of 4 and at least 8, for the decoder's resnet";
        Err(NetworkError::Images { given: image, expected })
    }

    pub(crate) fn init(&self, from: usize, to: usize, device: &Device) -> Resnet {
        let conv = |channels, kernel: usize, stride, padding| {
            Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(padding)
                .init(device)
        };
        let up = |channels| {
            ConvTranspose2dConfig::new(channels, [3, 3]).with_stride([2, 2]).init(device)
        };
        // TensorFlow's SAME of 3 × 3 and stride 2 on an even size.
        let same = || PaddingConfig2d::Explicit(0, 0, 1, 1);
        let w = self.width;
        let blocks = 2 * self.blocks;
        let norms = [w, 2 * w, 4 * w].into_iter().chain(vec![4 * w; blocks]).chain([2 * w, w]);
        Resnet {
            down: vec![
                conv([from, w], 7, 1, PaddingConfig2d::Valid),
                conv([w, 2 * w], 3, 2, same()),
                conv([2 * w, 4 * w], 3, 2, same()),
            ],
            blocks: (0..blocks)
                .map(|_| conv([4 * w, 4 * w], 3, 1, PaddingConfig2d::Valid))
                .collect(),
            up: vec![up([4 * w, 2 * w]), up([2 * w, w])],
            last: conv([w, to], 7, 1, PaddingConfig2d::Valid),
            norms: norms.map(|channels| InstanceNorm::new(channels, device)).collect(),
        }
    }
}

impl Resnet {
    /// # Shapes
    /// - `z`: `[batch, 4 · width]`
    /// - `condition`: `[batch, channels, size, size]`
    /// - output: `[batch, channels, size, size]` in [−1, 1]
    pub(crate) fn forward(&self, z: Tensor<2>, condition: Tensor<4>) -> Tensor<4> {
        let mut norms = self.norms.iter();
        let mut norm = |x: Tensor<4>| match norms.next() {
            Some(norm) => norm.forward(x),
            None => x,
        };
        let mut x = reflect(condition, 3);
        for convolution in &self.down {
            x = relu(norm(convolution.forward(x)));
        }
        for block in self.blocks.chunks(2) {
            let mut y = x.clone();
            for (i, convolution) in block.iter().enumerate() {
                y = norm(convolution.forward(reflect(y, 1)));
                y = if i == 0 { relu(y) } else { y };
            }
            x = x + y;
        }
        let [batch, latent] = z.dims();
        x = x + z.reshape([batch, latent, 1, 1]);
        for convolution in &self.up {
            let size = 2 * x.dims()[2];
            // SAME padding: the excess is cropped at the bottom and on the right.
            x = convolution.forward(x).narrow(2, 0, size).narrow(3, 0, size);
            x = relu(norm(x));
        }
        tanh(self.last.forward(reflect(x, 3)))
    }
}

impl InstanceNorm {
    fn new(channels: usize, device: &Device) -> Self {
        let zeros = || Param::from_tensor(Tensor::zeros([channels], device));
        Self { scale: zeros(), shift: zeros() }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let rows = x.reshape([batch, channels, height * width]);
        let centred = rows.clone() - rows.mean_dim(2);
        let variance = centred.clone().powi_scalar(2).mean_dim(2);
        let channel = |p: &Param<Tensor<1>>| p.val().reshape([1, channels, 1]);
        let normal = centred / (variance + EPSILON).sqrt();
        let y = normal * (channel(&self.scale) + 1.0) + channel(&self.shift);
        y.reshape([batch, channels, height, width])
    }
}

fn reflect(x: Tensor<4>, border: usize) -> Tensor<4> {
    x.pad((border, border, border, border), PadMode::Reflect)
}

#[cfg(test)]
mod tests {
    use ebm_noise::{Key, initialise};

    use super::*;

    /// The sizes are the released ones, and both the condition and z of an image change it and no
    /// other.
    #[test]
    fn the_generator_of_the_conditional_code() {
        let device = Device::flex();
        let config = ResnetConfig { width: 32, blocks: 6 };
        config.validate().expect("valid");
        config.check_latent(128).expect("four times 32");
        let network = initialise(config.init(3, 3, &device), Key::new(1), 0.05);
        assert_eq!(network.num_params(), 1_968_771);
        let c = Key::new(2).uniform::<4>([2, 3, 16, 16], &device) * 2.0 - 1.0;
        let z = Key::new(3).normal::<2>([2, 128], &device);
        let x = network.forward(z.clone(), c.clone());
        assert_eq!(x.dims(), [2, 3, 16, 16]);
        assert!(x.clone().abs().max().into_scalar::<f32>() <= 1.0);
        let moved = |y: Tensor<4>| {
            let moved = (y - x.clone()).abs().flatten::<2>(1, 3).max_dim(1).into_data();
            moved.iter::<f32>().collect::<Vec<_>>()
        };
        let second =
            Tensor::cat(vec![c.clone().narrow(0, 0, 1), c.clone().narrow(0, 1, 1).neg()], 0);
        let by_condition = moved(network.forward(z.clone(), second));
        assert!(by_condition[0] < 1e-5 && by_condition[1] > 1e-3, "{by_condition:?}");
        let by_code = moved(network.forward(z.neg(), c));
        assert!(by_code.iter().all(|moved| *moved > 1e-3), "{by_code:?}");
        assert!(config.check_latent(100).is_err());
        assert!(config.check_image(ImageShape::new(3, 30)).is_err());
    }

    #[test]
    fn instances_are_normal() {
        let device = Device::flex();
        let x = Key::new(1).normal::<4>([2, 3, 8, 8], &device) * 5.0 + 2.0;
        let y = InstanceNorm::new(3, &device).forward(x).reshape([6, 64]);
        let mean: f32 = y.clone().mean_dim(1).abs().max().into_scalar();
        let variance: f32 = (y.powi_scalar(2).mean_dim(1) - 1.0).abs().max().into_scalar();
        assert!(mean < 1e-5 && variance < 1e-3, "{mean}, {variance}");
    }
}
