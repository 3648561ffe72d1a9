//! Means, variances and quantiles.

/// Returns the mean, NaN of no values. It is exact for equal values, so that a constant chain has
/// variance 0.
pub(super) fn mean(values: &[f64]) -> f64 {
    let origin = values.first().copied().filter(|x| x.is_finite()).unwrap_or(0.0);
    origin + values.iter().map(|x| x - origin).sum::<f64>() / values.len() as f64
}

/// Returns the unbiased variance, NaN of fewer than two values.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    squares / (values.len() as f64 - 1.0)
}

/// Returns the values in ascending order.
pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Returns a quantile of two or more values in ascending order, of Hyndman and Fan's type 7. The
/// operations and their order are those of SciPy's `mquantiles`, because whether a draw that equals
/// the quantile counts as below it depends on the last bit.
pub(super) fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let n = sorted.len();
    let position = n as f64 * probability + (1.0 - probability);
    let below = position.clamp(1.0, (n - 1) as f64).floor();
    let weight = (position - below).clamp(0.0, 1.0);
    let below = below as usize;
    (1.0 - weight) * sorted[below - 1] + weight * sorted[below]
}

/// Returns the median of one or more values.
pub(super) fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let n = sorted.len();
    // Rounded as in NumPy: whether the two middle draws are equally far from it depends on the last
    // bit.
    if n % 2 == 1 { sorted[n / 2] } else { (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let values = [1.0, 2.0, 4.0, 8.0, 16.0];
        let quantiles = [0.0, 0.1, 0.25, 0.5, 0.95, 1.0].map(|p| quantile(&values, p));
        for (got, expected) in quantiles.iter().zip([1.0, 1.4, 2.0, 4.0, 14.4, 16.0]) {
            assert!((got - expected).abs() < 1e-14, "{quantiles:?}");
        }
        assert_eq!(median(&[5.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(&[5.0, 1.0, 3.0, 4.0]), 3.5);
    }

    #[test]
    fn equal_values_have_no_variance() {
        assert_eq!(variance(&[0.1; 1001]), 0.0);
        assert_eq!(mean(&[0.1; 1001]), 0.1);
        assert_eq!(mean(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(mean(&[]).is_nan() && variance(&[1.0]).is_nan());
        assert!((variance(&[1.0, 2.0, 4.0]) - 7.0 / 3.0).abs() < 1e-15);
    }
}
