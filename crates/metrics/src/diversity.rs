//! The diversity of a set of samples: a first check for mode collapse.

use burn::tensor::Tensor;

/// Computes the mean Euclidean distance between two distinct samples of a set; `None` for fewer
/// than two. A value far below the data's own indicates mode collapse.
///
/// # Shapes
/// - `samples`: `[batch, …]`; the distances of all pairs are held at once, `[batch, batch]`
pub fn mean_pairwise_distance<const D: usize>(samples: Tensor<D>) -> Option<f64> {
    let batch = samples.dims()[0];
    if batch < 2 {
        return None;
    }
    let rows = samples.flatten::<2>(1, D - 1);
    // ‖a − b‖² = ‖a‖² + ‖b‖² − 2a·b, centred so that less cancels.
    let rows = rows.clone() - rows.mean_dim(0);
    let squares = rows.clone().powi_scalar(2).sum_dim(1);
    let products = rows.clone().matmul(rows.transpose());
    let squared = squares.clone() + squares.transpose() - products * 2.0;
    let sum: f32 = squared.clamp_min(0.0).sqrt().sum().into_scalar();
    Some(f64::from(sum) / (batch * (batch - 1)) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// The corners of a 3-4-5 triangle, far from the origin: (3 + 4 + 5) / 3.
    #[test]
    fn a_known_triangle() {
        let corners =
            Tensor::<2>::from_data([[10.0, 0.0], [13.0, 0.0], [10.0, 4.0]], &Device::flex());
        let distance = mean_pairwise_distance(corners).expect("three corners");
        assert!((distance - 4.0).abs() < 1e-5, "{distance}");
    }

    #[test]
    fn one_sample_has_no_pairs() {
        assert_eq!(mean_pairwise_distance(Tensor::<2>::zeros([1, 3], &Device::flex())), None);
    }
}
