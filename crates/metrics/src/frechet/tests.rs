//! Properties of the distance; `tests/reference.rs` compares its values with pytorch-fid's formula.

use ebm_noise::Key;
use proptest::prelude::*;

use super::*;
use crate::FeatureSet;

/// Rows of `dim` correlated features.
fn set(rows: usize, dim: usize, shift: f32, key: Key) -> FeatureSet {
    let at = |row: usize, column: usize| key.uniform_at(row as u32, column as u32) as f32;
    let value = |i: usize| at(i / dim, i % dim) + 0.5 * at(i / dim, i % dim + 1) + shift;
    FeatureSet::new(dim, (0..rows * dim).map(value).collect()).unwrap()
}

fn distance(a: &FeatureSet, b: &FeatureSet) -> f64 {
    frechet_distance(&Moments::of(a), &Moments::of(b)).unwrap()
}

/// In one dimension it is (μ₁ − μ₂)² + (σ₁ − σ₂)².
#[test]
fn by_hand() {
    let a = FeatureSet::new(1, vec![-1.0, 1.0]).unwrap();
    let b = FeatureSet::new(1, vec![0.0, 3.0, 6.0]).unwrap();
    let expected = 9.0 + (2.0_f64.sqrt() - 3.0).powi(2);
    assert!((distance(&a, &b) - expected).abs() < 1e-14);
}

#[test]
fn too_few_rows_are_refused() {
    let [three, four] = [3, 4].map(|rows| Moments::of(&set(rows, 3, 0.0, Key::new(1))));
    assert!(frechet_distance(&four, &four).is_ok());
    let error = frechet_distance(&four, &three).unwrap_err();
    assert!(matches!(error, MetricsError::TooFew { found: 3, least: 4, .. }), "{error}");
    assert!(error.to_string().contains("take more samples"), "{error}");
    let narrow = Moments::of(&set(9, 2, 0.0, Key::new(1)));
    let error = MetricsError::Dimension { found: 2, expected: 3 };
    assert_eq!(frechet_distance(&narrow, &four), Err(error));
}

/// A feature that is constant in one or both sets makes covariances singular but does not break the
/// distance: the other features' distance remains, plus the variance of the one set.
#[test]
fn constant_features() {
    let [a, b] = [1, 2].map(|key| set(50, 3, 0.0, Key::new(key)));
    let with = |set: &FeatureSet, last: fn(usize) -> f32| {
        let rows = set.rows().enumerate().map(|(row, values)| [values, &[last(row)][..]].concat());
        FeatureSet::new(4, rows.flatten().collect()).unwrap()
    };
    let constant: fn(usize) -> f32 = |_| 2.0;
    let expected = distance(&a, &b);
    let found = distance(&with(&a, constant), &with(&b, constant));
    assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    let other = distance(&with(&a, |row| 1.0 + 2.0 * (row % 2) as f32), &with(&b, constant));
    assert!(other > expected + 0.5, "{other} of {expected} and a variance of 50/49");
}

proptest! {
    #[test]
    fn a_set_has_no_distance_to_itself(rows in 8usize..80, dim in 1usize..8, seed: u64) {
        let set = set(rows.max(dim + 1), dim, 3.0, Key::new(seed));
        prop_assert!(distance(&set, &set).abs() < 1e-12);
    }

    /// The distance is symmetric and invariant to rotations, and a shift adds its square.
    #[test]
    fn symmetric_and_blind_to_rotations(rows in 8usize..80, seed: u64, angle in 0.0f64..6.0) {
        let key = Key::new(seed);
        let (a, b) = (set(rows, 4, 0.0, key.fold(0)), set(rows + 5, 4, 0.25, key.fold(1)));
        let expected = distance(&a, &b);
        prop_assert!((distance(&b, &a) - expected).abs() < 1e-10 * (1.0 + expected));
        let (sin, cos) = angle.sin_cos();
        let turned = |set: &FeatureSet| {
            let rows = set.rows().flat_map(|row| {
                let [x, y, z, w] = [0, 1, 2, 3].map(|i| f64::from(row[i]));
                [cos * x - sin * z, y, sin * x + cos * z, w].map(|value| value as f32)
            });
            FeatureSet::new(4, rows.collect()).unwrap()
        };
        let found = distance(&turned(&a), &turned(&b));
        prop_assert!((found - expected).abs() < 1e-5 * (1.0 + expected), "{} and {}", found, expected);
        let moved = FeatureSet::new(4, a.values().iter().map(|x| x + 2.0).collect()).unwrap();
        prop_assert!((distance(&a, &moved) - 16.0).abs() < 1e-4);
    }
}
