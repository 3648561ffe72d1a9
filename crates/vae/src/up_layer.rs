//! Descriptions of transposed convolutions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A description of a transposed convolution, followed by batch normalisation and LeakyReLU; the
/// last layer of a decoder is followed by tanh alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpLayer {
    /// The number of output channels.
    pub channels: usize,
    /// The side of the square kernel.
    pub kernel: usize,
    /// The stride in both directions.
    pub stride: usize,
    /// The side of the output; the full transposed convolution is cropped to it as TensorFlow's
    /// SAME padding does, with an odd row or column cropped at the bottom or on the right.
    pub size: usize,
    /// Adds batch normalisation after the convolution.
    pub norm: bool,
}
