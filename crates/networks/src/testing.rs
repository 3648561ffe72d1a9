//! Helpers that the tests of several modules share.

use burn::tensor::Tensor;
use ebm_layers::bent_leaky_relu;
use ebm_tensor::values;

use crate::ConvEnergy;

pub(crate) const RESIDUAL: &str =
    "network = \"residual\"\nchannels = [4, 6]\nblocks = 1\nspectral_norm = true\n";
pub(crate) const CONV: &str = "layers = [{ channels = 4, kernel = 3, stride = 2 }]\noutputs = 2\nslope = 0.2\n\
                    init_std = 0.05\n";

/// Returns, for each sample, the smallest |sum| that enters a LeakyReLU, relative to the largest of
/// the layer. The gradient jumps where such a sum is 0.
pub(crate) fn distance_to_jump(network: &ConvEnergy, x: Tensor<4>) -> Vec<f32> {
    let batch = x.dims()[0];
    let mut nearest = vec![f32::INFINITY; batch];
    let mut h = x;
    for convolution in &network.convolutions {
        let sums = convolution.forward(h);
        let values = values(sums.clone());
        let largest = values.iter().fold(0.0_f32, |largest, sum| largest.max(sum.abs()));
        for (nearest, sums) in nearest.iter_mut().zip(values.chunks(values.len() / batch)) {
            *nearest = sums.iter().fold(*nearest, |nearest, sum| nearest.min(sum.abs() / largest));
        }
        h = bent_leaky_relu(sums, network.slope, network.bend);
    }
    nearest
}
