//! Layers that the networks share.

use burn::nn::PaddingConfig2d;
use burn::tensor::Tensor;

/// Returns the mean of each channel: `[n, channels, height, width]` to `[n, channels]`.
pub(super) fn global_mean(x: Tensor<4>) -> Tensor<2> {
    x.flatten::<3>(2, 3).mean_dim(2).squeeze_dim::<2>(2)
}

/// Returns TensorFlow's SAME padding of a square input; an odd pixel goes to the bottom and right.
pub(super) fn same_padding(input: usize, kernel: usize, stride: usize) -> PaddingConfig2d {
    let total = ((input.div_ceil(stride) - 1) * stride + kernel).saturating_sub(input);
    let (before, after) = (total / 2, total - total / 2);
    PaddingConfig2d::Explicit(before, before, after, after)
}
