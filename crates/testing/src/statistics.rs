//! Distances between found and expected values.

/// Returns |mean − `expected`| of independent `values` in standard errors of the mean, infinite
/// where that is not defined.
pub fn standard_errors(values: &[f64], expected: f64) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let distance = (mean - expected).abs() / (variance / n).sqrt();
    if distance.is_nan() { f64::INFINITY } else { distance }
}

/// Asserts that `found` and `expected` differ by at most `tolerance` times the largest magnitude of
/// `expected`.
#[track_caller]
pub fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "lengths");
    let largest = expected.iter().fold(0.0_f32, |largest, e| largest.max(e.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= tolerance * largest,
            "element {index}: {found}, not {expected}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_in_standard_errors_of_the_mean() {
        // Mean 2, variance 1, so a standard error of 1/√3.
        assert!((standard_errors(&[1.0, 2.0, 3.0], 3.0) - 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(standard_errors(&[1.0], 1.0), f64::INFINITY);
        assert_eq!(standard_errors(&[1.0, f64::NAN], 1.0), f64::INFINITY);
    }

    #[test]
    fn tolerances_are_relative_to_the_largest_value() {
        assert_close(&[0.05, 100.0], &[0.0, 100.0], 1e-3);
        assert!(std::panic::catch_unwind(|| assert_close(&[0.2], &[0.1], 1e-3)).is_err());
        assert!(std::panic::catch_unwind(|| assert_close(&[f32::NAN], &[0.1], 1e-3)).is_err());
    }
}
