//! The structural similarity of images.

use burn::tensor::Tensor;

use crate::MetricsError;

/// The range of images in [−1, 1].
const RANGE: f64 = 2.0;
/// The side of the window.
const WINDOW: usize = 11;
/// The standard deviation of the Gaussian window, in pixels.
const STD: f64 = 1.5;
/// The constants K₁ and K₂, which keep the quotients finite.
const STABILISERS: [f64; 2] = [0.01, 0.03];

/// Computes the mean structural similarity of each image (Wang, Bovik, Sheikh, Simoncelli, 2004), 1
/// for equal images: Gaussian windows of 11 × 11 pixels with σ = 1.5, K₁ = 0.01, K₂ = 0.03, a data
/// range of 2, averaged over channels. Only windows within the image count. This equals
/// scikit-image's `structural_similarity` with `gaussian_weights=True`, `sigma=1.5`,
/// `use_sample_covariance=False`, `data_range=2`.
///
/// # Shapes
/// - `images` and `reference`: `[batch, channels, height, width]` in [−1, 1]
///
/// # Errors
/// [`MetricsError::Shape`]; [`MetricsError::Window`] for images of fewer than 11 rows or columns;
/// [`MetricsError::NotFinite`].
pub fn ssim(images: Tensor<4>, reference: Tensor<4>) -> Result<Vec<f64>, MetricsError> {
    let (found, expected) = (images.dims(), reference.dims());
    let [_, channels, height, width] = found;
    if found != expected || channels == 0 {
        return Err(MetricsError::Shape { found, expected });
    }
    if height < WINDOW || width < WINDOW {
        return Err(MetricsError::Window { height, width, window: WINDOW });
    }
    let [a, b] = [images, reference].map(crate::FeatureSet::from_tensor);
    let (a, b) = (a?, b?);
    let of_image = |(a, b): (&[f32], &[f32])| {
        let planes = a.chunks_exact(height * width).zip(b.chunks_exact(height * width));
        planes.map(|(a, b)| of_plane(a, b, width)).sum::<f64>() / channels as f64
    };
    Ok(a.rows().zip(b.rows()).map(of_image).collect())
}

fn of_plane(a: &[f32], b: &[f32], width: usize) -> f64 {
    let blurred = |value: fn(f64, f64) -> f64| {
        let values = a.iter().zip(b).map(|(&a, &b)| value(a.into(), b.into()));
        blur(&values.collect::<Vec<_>>(), width)
    };
    let [a, b] = [blurred(|a, _| a), blurred(|_, b| b)];
    let [aa, bb, ab] = [blurred(|a, _| a * a), blurred(|_, b| b * b), blurred(|a, b| a * b)];
    let [c1, c2] = STABILISERS.map(|k| (k * RANGE).powi(2));
    let similarity = |i: usize| {
        let (a, b) = (a[i], b[i]);
        let (a_variance, b_variance, covariance) = (aa[i] - a * a, bb[i] - b * b, ab[i] - a * b);
        (2.0 * a * b + c1) * (2.0 * covariance + c2)
            / ((a * a + b * b + c1) * (a_variance + b_variance + c2))
    };
    (0..a.len()).map(similarity).sum::<f64>() / a.len() as f64
}

/// Returns the weighted means of the windows within the image.
fn blur(values: &[f64], width: usize) -> Vec<f64> {
    let offset = |i: usize| i as f64 - (WINDOW / 2) as f64;
    let weights: [f64; WINDOW] = std::array::from_fn(|i| (-0.5 * (offset(i) / STD).powi(2)).exp());
    let total: f64 = weights.iter().sum();
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        weights.iter().zip(values).map(|(weight, value)| weight * value).sum::<f64>() / total
    };
    let rows = values.chunks_exact(width);
    let across: Vec<f64> = rows
        .flat_map(|row| row.windows(WINDOW).map(|window| mean(&mut window.iter().copied())))
        .collect();
    let width = width - WINDOW + 1;
    let downwards = |start: usize| mean(&mut across[start..].iter().step_by(width).copied());
    (0..across.len() - (WINDOW - 1) * width).map(downwards).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use ebm_noise::Key;

    #[test]
    fn equal_images_and_inverted_images() {
        let device = Device::flex();
        let image = Key::new(1).uniform::<4>([2, 3, 11, 14], &device);
        for similarity in ssim(image.clone(), image.clone()).unwrap() {
            assert!((similarity - 1.0).abs() < 1e-12, "{similarity}");
        }
        for similarity in ssim(image.clone(), image.neg() + 1.0).unwrap() {
            assert!(similarity < -0.5, "{similarity}");
        }
    }

    /// For constant images only the means matter: (2ab + c₁)/(a² + b² + c₁).
    #[test]
    fn constant_images() {
        let image = |value: f32| Tensor::<4>::full([1, 1, 12, 12], value, &Device::flex());
        let similarity = ssim(image(0.5), image(-0.25)).unwrap()[0];
        let c1 = 0.0004;
        let expected = (-0.25 + c1) / (0.3125 + c1);
        assert!((similarity - expected).abs() < 1e-12, "{similarity}, not {expected}");
    }

    #[test]
    fn what_is_refused() {
        let image = |shape| Tensor::<4>::zeros(shape, &Device::flex());
        let small = ssim(image([1, 1, 11, 10]), image([1, 1, 11, 10]));
        assert_eq!(small, Err(MetricsError::Window { height: 11, width: 10, window: 11 }));
        let (found, expected) = ([1, 1, 11, 11], [1, 1, 11, 12]);
        let other = ssim(image(found), image(expected));
        assert_eq!(other, Err(MetricsError::Shape { found, expected }));
    }
}
