//! Batch normalisation by the statistics of the current batch, in training and in sampling.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// TensorFlow's contrib default, which the released code uses.
const EPSILON: f64 = 1e-3;

/// A normalisation (x − mean) / √(variance + ε) + shift per channel, with statistics over the batch
/// and both spatial directions.
///
/// There is no learned scale and there are no running averages, as in the released code: the image
/// that a code decodes to depends slightly on its batch.
#[derive(Module, Debug)]
pub struct BatchStatNorm {
    shift: Param<Tensor<1>>,
}

impl BatchStatNorm {
    /// Creates a normalisation of `channels` channels with shifts of zero.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self { shift: Param::from_tensor(Tensor::zeros([channels], device)) }
    }

    /// Normalises a batch with its own statistics and adds the shift of each channel.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, channels, height, width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        // One reduction over a [channels, batch · height · width] view is cheaper than three.
        let rows = x.swap_dims(0, 1).reshape([channels, batch * height * width]);
        let centred = rows.clone() - rows.mean_dim(1);
        let variance = centred.clone().powi_scalar(2).mean_dim(1);
        let normal = centred / (variance + EPSILON).sqrt() + self.shift.val().unsqueeze_dim(1);
        normal.reshape([channels, batch, height, width]).swap_dims(0, 1)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tolerance;
    use ebm_noise::Key;

    use super::*;

    #[test]
    fn every_channel_has_mean_zero_and_variance_one() {
        let device = Device::flex();
        let scale = Tensor::<1>::from_data([1.0, 5.0, 20.0], &device).reshape([1, 3, 1, 1]);
        let x = Key::new(1).normal::<4>([8, 3, 5, 6], &device) * scale.clone() + scale;
        let y = BatchStatNorm::new(3, &device).forward(x);
        assert_eq!(y.dims(), [8, 3, 5, 6]);
        let rows = y.swap_dims(0, 1).reshape([3, 240]);
        let tolerance = Tolerance::<f32>::absolute(2e-3);
        let zeros = Tensor::<2>::zeros([3, 1], &device).into_data();
        let ones = Tensor::<2>::ones([3, 1], &device).into_data();
        rows.clone().mean_dim(1).into_data().assert_approx_eq(&zeros, tolerance);
        rows.powi_scalar(2).mean_dim(1).into_data().assert_approx_eq(&ones, tolerance);
    }
}
