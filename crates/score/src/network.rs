//! The definition of a network as plain arrays.

use crate::PlanError;
use crate::buffer::Buffer;
use crate::geometry::Geometry;

/// A convolutional network with a scalar output: f(x) = ⟨head, h_L⟩ + head_bias, where
/// hₗ = LeakyReLU(convₗ(hₗ₋₁)) and h₀ = x. The LeakyReLU may [bend](Self::bend) instead of having a
/// kink.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Network {
    /// The channels, height and width of x.
    pub input: [usize; 3],
    /// The convolutions; at least one.
    pub layers: Vec<Layer>,
    /// The negative slope of the LeakyReLU, in `[0, 1)`; 0 is a ReLU.
    pub slope: f32,
    /// The half width w of the interval around 0 in which the LeakyReLU bends smoothly: its
    /// derivative rises from the slope at −w to 1 at w. 0 is a kink.
    pub bend: f32,
    /// The head's weights, `[channels, height, width]` of the last layer's output.
    pub head: Vec<f32>,
    /// The head's bias.
    pub head_bias: f32,
}

/// A convolution with a square kernel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Layer {
    /// The number of output channels.
    pub channels: usize,
    /// The side of the kernel.
    pub kernel: usize,
    /// The stride in both directions.
    pub stride: usize,
    /// The zeros around the input: top, left, bottom, right.
    pub padding: [usize; 4],
    /// The weight, `[channels, input channels, kernel, kernel]`.
    pub weight: Vec<f32>,
    /// The bias, `[channels]`; empty for no bias.
    pub bias: Vec<f32>,
}

impl Network {
    /// Creates a network with ReLUs and without a head bias.
    ///
    /// # Shapes
    /// - `input`: channels, height and width of x
    /// - `head`: `[channels, height, width]` of the last layer's output
    pub fn new(input: [usize; 3], layers: Vec<Layer>, head: Vec<f32>) -> Self {
        Self { input, layers, slope: 0.0, bend: 0.0, head, head_bias: 0.0 }
    }

    /// Sets the negative slope of the LeakyReLU.
    #[must_use]
    pub fn with_slope(self, slope: f32) -> Self {
        Self { slope, ..self }
    }

    /// Sets the half width of the LeakyReLU's bend.
    #[must_use]
    pub fn with_bend(self, bend: f32) -> Self {
        Self { bend, ..self }
    }

    /// Sets the bias of the head.
    #[must_use]
    pub fn with_head_bias(self, head_bias: f32) -> Self {
        Self { head_bias, ..self }
    }

    /// Checks all sizes and returns the geometry of each layer.
    pub(crate) fn geometries(&self) -> Result<Vec<Geometry>, PlanError> {
        if !(0.0..1.0).contains(&self.slope) {
            return Err(PlanError::Slope(self.slope.to_string()));
        }
        if !(0.0..=f32::MAX).contains(&self.bend) {
            return Err(PlanError::Bend(self.bend.to_string()));
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
            let sides = [top, left, bottom, right].map(|side| side.min(MAX_LEN));
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

impl Layer {
    /// Creates a convolution of stride 1 without padding and bias.
    ///
    /// # Shapes
    /// - `weight`: `[channels, input channels, kernel, kernel]`
    pub fn new(channels: usize, kernel: usize, weight: Vec<f32>) -> Self {
        Self { channels, kernel, stride: 1, padding: [0; 4], weight, bias: Vec::new() }
    }

    /// Sets the stride in both directions.
    #[must_use]
    pub fn with_stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// Sets the zeros around the input: top, left, bottom, right.
    #[must_use]
    pub fn with_padding(self, padding: [usize; 4]) -> Self {
        Self { padding, ..self }
    }

    /// Sets the bias, `[channels]`; empty for none.
    #[must_use]
    pub fn with_bias(self, bias: Vec<f32>) -> Self {
        Self { bias, ..self }
    }

    /// Returns the bias of the padded channels; zeros without one.
    pub(crate) fn padded_bias(&self) -> Buffer {
        let mut bias = Buffer::zeros(self.channels);
        bias[..self.bias.len()].copy_from_slice(&self.bias);
        bias
    }
}

/// The largest number of elements that an array may have.
const MAX_LEN: usize = 1 << 40;

fn length(name: &str, given: usize, expected: usize) -> Result<(), PlanError> {
    if given == expected {
        Ok(())
    } else {
        Err(PlanError::Length { name: name.into(), given, expected })
    }
}

/// Returns the product of sizes, none of which may be zero.
fn product(name: &str, sizes: &[usize]) -> Result<usize, PlanError> {
    sizes.iter().try_fold(1usize, |product, &size| {
        product
            .checked_mul(size)
            .filter(|&product| 0 < product && product <= MAX_LEN)
            .ok_or_else(|| PlanError::Size { name: name.into(), value: size })
    })
}
