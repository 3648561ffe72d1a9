//! TensorFlow's SAME padding, as in the released networks: asymmetric if the total is odd.

use burn::nn::PaddingConfig2d;

/// Returns the side of the output of a strided convolution with SAME padding, ⌈`input` / `stride`⌉.
pub fn same_output(input: usize, stride: usize) -> usize {
    input.div_ceil(stride)
}

/// Returns the SAME padding of a square input. If the total is odd, the bottom and the right get
/// one more.
pub fn same_padding(input: usize, kernel: usize, stride: usize) -> PaddingConfig2d {
    let covered = (same_output(input, stride) - 1) * stride + kernel;
    let total = covered.saturating_sub(input);
    let (before, after) = (total / 2, total - total / 2);
    PaddingConfig2d::Explicit(before, before, after, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The odd cases of the released MNIST networks, and the two symmetric ones.
    #[test]
    fn released_cases() {
        for (input, kernel, stride, before, after) in
            [(28, 5, 2, 1, 2), (14, 3, 2, 0, 1), (7, 4, 1, 1, 2), (32, 4, 2, 1, 1), (7, 3, 1, 1, 1)]
        {
            assert_eq!(
                same_padding(input, kernel, stride),
                PaddingConfig2d::Explicit(before, before, after, after),
                "input {input}, kernel {kernel}, stride {stride}"
            );
        }
    }
}
