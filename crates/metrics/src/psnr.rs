//! The peak signal-to-noise ratio.

use burn::tensor::Tensor;

/// The range of images in [−1, 1].
const PEAK: f64 = 2.0;

/// Computes the peak signal-to-noise ratio 10·log₁₀(peak² / mean squared error) of each image, in
/// decibels; infinite for equal images.
///
/// # Shapes
/// - `images` and `reference`: `[batch, channels, height, width]` in [−1, 1]
/// - output: `[batch]`
pub fn psnr(images: Tensor<4>, reference: Tensor<4>) -> Tensor<1> {
    let error =
        (images - reference).powi_scalar(2).flatten::<2>(1, 3).mean_dim(1).squeeze_dim::<1>(1);
    (error.recip() * (PEAK * PEAK)).log() * (10.0 / std::f64::consts::LN_10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tolerance};

    /// Mean squared errors of 4, 0.04 and 0.02 against a peak of 2: 0, 20 and 23.0103 dB.
    #[test]
    fn known_ratios() {
        let device = Device::flex();
        let images = Tensor::<1>::from_data([2.0_f32, -2.0, 0.2, -0.2, 0.2, 0.0], &device);
        let ratios = psnr(images.reshape([3, 1, 1, 2]), Tensor::zeros([3, 1, 1, 2], &device));
        let expected = Tensor::<1>::from_data([0.0_f32, 20.0, 23.0103], &device).into_data();
        ratios.into_data().assert_approx_eq(&expected, Tolerance::<f32>::absolute(1e-3));
    }

    #[test]
    fn equal_images_have_no_noise() {
        let image = Tensor::<4>::ones([1, 1, 2, 2], &Device::flex());
        assert_eq!(psnr(image.clone(), image).into_scalar::<f32>(), f32::INFINITY);
    }
}
