//! What a plan is made of: the network as plain arrays.

use crate::PlanError;
use crate::buffer::Buffer;

/// f(x) = ⟨head, h_L⟩ + head_bias with hₗ = LeakyReLU(convₗ(hₗ₋₁)) and h₀ = x.
#[derive(Clone, Debug)]
pub struct Network {
    /// Channels, height and width of x.
    pub input: [usize; 3],
    /// The convolutions, at least one.
    pub layers: Vec<Layer>,
    /// Negative slope of the LeakyReLU, in `[0, 1)`.
    pub slope: f32,
    /// `[channels, height, width]` of the last layer's output.
    pub head: Vec<f32>,
    /// Added to every value.
    pub head_bias: f32,
}

/// A convolution with a square kernel.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Output channels.
    pub channels: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
    /// Zeros around the input: top, left, bottom, right.
    pub padding: [usize; 4],
    /// `[channels, input channels, kernel, kernel]`.
    pub weight: Vec<f32>,
    /// `[channels]`; empty for none.
    pub bias: Vec<f32>,
}

impl Layer {
    /// The bias of the padded channels, zeros for none.
    pub(crate) fn padded_bias(&self) -> Buffer {
        let mut bias = Buffer::zeros(self.channels);
        bias[..self.bias.len()].copy_from_slice(&self.bias);
        bias
    }
}

/// Sizes of a convolution, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) channels_in: usize,
    pub(crate) height_in: usize,
    pub(crate) width_in: usize,
    pub(crate) channels_out: usize,
    pub(crate) height_out: usize,
    pub(crate) width_out: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) top: usize,
    pub(crate) left: usize,
}

impl Geometry {
    pub(crate) fn pixels_in(&self) -> usize {
        self.height_in * self.width_in
    }

    pub(crate) fn pixels_out(&self) -> usize {
        self.height_out * self.width_out
    }

    /// Multiply-adds of the convolution of one image, done directly.
    pub(crate) fn multiply_adds(&self) -> usize {
        self.pixels_out() * self.kernel * self.kernel * self.channels_in * self.channels_out
    }
}

/// Beyond this many elements no array is possible.
const MOST: usize = 1 << 40;

impl Network {
    /// Checks all sizes; gives those of each layer.
    pub(crate) fn geometries(&self) -> Result<Vec<Geometry>, PlanError> {
        if !(0.0..1.0).contains(&self.slope) {
            return Err(PlanError::Slope(self.slope.to_string()));
        }
        if self.layers.is_empty() {
            return Err(PlanError::NoLayers);
        }
        product("input", &self.input)?;
        let mut geometries = Vec::with_capacity(self.layers.len());
        let [mut channels, mut height, mut width] = self.input;
        for (index, layer) in self.layers.iter().enumerate() {
            let [top, left, bottom, right] = layer.padding;
            let name = |part: &str| format!("layer {index}: {part}");
            product(&name("stride"), &[layer.stride])?;
            let sides = [top, left, bottom, right].map(|side| side.min(MOST));
            let padded = [height + sides[0] + sides[2], width + sides[1] + sides[3]];
            product(&name("padded input"), &[channels, padded[0], padded[1]])?;
            let shape = [layer.channels, channels, layer.kernel, layer.kernel];
            length(&name("weight"), layer.weight.len(), product(&name("weight"), &shape)?)?;
            if !layer.bias.is_empty() {
                length(&name("bias"), layer.bias.len(), layer.channels)?;
            }
            let shorter = padded[0].min(padded[1]);
            if layer.kernel > shorter {
                return Err(PlanError::Kernel {
                    layer: index,
                    kernel: layer.kernel,
                    padded: shorter,
                });
            }
            let out = padded.map(|side| (side - layer.kernel) / layer.stride + 1);
            product(&name("output"), &[layer.channels, out[0], out[1]])?;
            geometries.push(Geometry {
                channels_in: channels,
                height_in: height,
                width_in: width,
                channels_out: layer.channels,
                height_out: out[0],
                width_out: out[1],
                kernel: layer.kernel,
                stride: layer.stride,
                top,
                left,
            });
            (channels, height, width) = (layer.channels, out[0], out[1]);
        }
        length("head", self.head.len(), channels * height * width)?;
        Ok(geometries)
    }
}

fn length(name: &str, given: usize, expected: usize) -> Result<(), PlanError> {
    if given == expected {
        Ok(())
    } else {
        Err(PlanError::Length { name: name.into(), given, expected })
    }
}

/// The product of sizes, none of which is zero.
fn product(name: &str, sizes: &[usize]) -> Result<usize, PlanError> {
    sizes.iter().try_fold(1usize, |product, &size| {
        product
            .checked_mul(size)
            .filter(|&product| 0 < product && product <= MOST)
            .ok_or_else(|| PlanError::Size { name: name.into(), value: size })
    })
}
