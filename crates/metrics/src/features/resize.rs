//! The preprocessing of image networks: three channels, one size.

use burn::tensor::{Device, Tensor, TensorData};

use super::error::FeatureError;

/// Converts images to colour images of `side` × `side`; grey ones get three equal channels.
pub(super) fn colour(
    network: &str,
    images: Tensor<4>,
    side: usize,
) -> Result<Tensor<4>, FeatureError> {
    let given = images.dims();
    let [n, channels, height, width] = given;
    if n == 0 || height == 0 || width == 0 || ![1, 3].contains(&channels) {
        let expected = "[n, 1 or 3, height, width], none of them 0";
        return Err(FeatureError::Images { network: network.into(), given, expected });
    }
    // Tiled last: a third of the work for grey images.
    let resized = resize(images, [side, side]);
    Ok(if channels == 1 { resized.repeat_dim(1, 3) } else { resized })
}

/// Resamples images bilinearly, with half-pixel centres and without antialiasing, also when
/// shrinking: PyTorch's `interpolate(mode="bilinear", align_corners=False)`, as in pytorch-fid. The
/// operation is linear in the image, hence two matrix products.
///
/// # Shapes
/// - `images`: `[n, channels, height, width]`
/// - output: `[n, channels, size[0], size[1]]`
pub(super) fn resize(images: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let [n, channels, height, width] = images.dims();
    if [height, width] == size {
        return images;
    }
    let device = images.device();
    let rows = weights(height, size[0], &device).reshape([1, 1, size[0], height]);
    let columns = weights(width, size[1], &device).transpose();
    let wide = images.reshape([n * channels * height, width]).matmul(columns);
    rows.matmul(wide.reshape([n, channels, height, size[1]]))
}

/// Returns the matrix `[output, input]` of linear interpolation along one axis.
fn weights(input: usize, output: usize, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0_f32; output * input];
    for (i, row) in values.chunks_mut(input).enumerate() {
        let centre = ((i as f64 + 0.5) * input as f64 / output as f64 - 0.5).max(0.0);
        let first = (centre as usize).min(input - 1);
        let share = (centre - first as f64).min(1.0);
        row[first] += (1.0 - share) as f32;
        row[(first + 1).min(input - 1)] += share as f32;
    }
    Tensor::from_data(TensorData::new(values, [output, input]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Tolerance;

    fn row(values: &[f32]) -> Tensor<4> {
        let data = TensorData::new(values.to_vec(), [1, 1, 1, values.len()]);
        Tensor::from_data(data, &Device::flex())
    }

    /// At twice the size, centres are at −¼, ¼, ¾, 5/4; at half the size, between two pixels.
    #[test]
    fn known_values() {
        let check = |given: Tensor<4>, expected: &[f32]| {
            given
                .into_data()
                .assert_approx_eq::<f32>(&row(expected).into_data(), Tolerance::absolute(1e-6));
        };
        check(resize(row(&[0.0, 4.0]), [1, 4]), &[0.0, 1.0, 3.0, 4.0]);
        check(resize(row(&[0.0, 4.0, 8.0, 4.0]), [1, 2]), &[2.0, 6.0]);
        // Without antialiasing, three of nine pixels contribute.
        check(resize(row(&[0., 1., 0., 0., 5., 0., 0., 7., 0.]), [1, 3]), &[1.0, 5.0, 7.0]);
        let tall = resize(row(&[0.0, 4.0]).reshape([1, 1, 2, 1]), [4, 2]);
        let expected = [0.0, 0.0, 1.0, 1.0, 3.0, 3.0, 4.0, 4.0];
        check(tall.reshape([1, 1, 1, 8]), &expected);
    }

    #[test]
    fn grey_is_three_equal_channels() {
        let grey = colour("test", row(&[0.0, 4.0]), 4).expect("grey");
        assert_eq!(grey.dims(), [1, 3, 4, 4]);
        let (red, blue) = (grey.clone().narrow(1, 0, 1), grey.narrow(1, 2, 1));
        red.into_data().assert_eq(&blue.into_data(), true);
    }

    #[test]
    fn other_shapes_are_refused() {
        for shape in [[0, 3, 4, 4], [1, 2, 4, 4], [1, 4, 4, 4], [1, 3, 0, 4], [1, 3, 4, 0]] {
            let images = Tensor::<4>::zeros(shape, &Device::flex());
            let error = colour("squint", images, 8).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("squint") && error.contains(&format!("{shape:?}")), "{error}");
        }
    }
}
