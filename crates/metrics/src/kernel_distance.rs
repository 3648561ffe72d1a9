//! The kernel distance of two sets; KID if the rows are features of an Inception network.

use ebm_noise::Key;
use ebm_noise::streams::subsets;

use crate::pairs::{fold_rows, product};
use crate::{FeatureSet, MetricsError, Spread};

/// The random subsets over which a distance is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subsets {
    /// The number of rows of a subset.
    pub size: usize,
    /// The number of subsets.
    pub count: usize,
}

impl Default for Subsets {
    /// Returns 100 subsets of 1 000 rows, the usual setting.
    fn default() -> Self {
        Self { size: 1_000, count: 100 }
    }
}

/// Computes the unbiased estimate of MMD² with the kernel k(a, b) = (a·b/d + 1)³ (Bińkowski,
/// Sutherland, Arbel, Gretton, "Demystifying MMD GANs", ICLR 2018). Its expectation is 0 if both
/// sets come from the same distribution, so it may be negative.
///
/// # Errors
/// [`MetricsError::Dimension`]; [`MetricsError::TooFew`] if a set has fewer than two rows.
pub fn kernel_distance(a: &FeatureSet, b: &FeatureSet) -> Result<f64, MetricsError> {
    MetricsError::check_dim(a.dim(), b.dim())?;
    for set in [a, b] {
        let reason = || "it compares pairs of distinct rows of a set".into();
        MetricsError::check_rows("a kernel distance", set.len(), 2, reason)?;
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let within = (others(a) / (n * (n - 1.0))) + others(b) / (m * (m - 1.0));
    Ok(within - 2.0 * sum(a, b, |_, line| line.iter().sum()) / (n * m))
}

/// Computes the mean of [`kernel_distance`] over pairs of subsets, each drawn without replacement
/// by `key`; a set smaller than a subset is used whole.
///
/// Subsets of one set share rows, so the standard error of the mean is that of at most n/size
/// subsets: see [`Subsets::standard_error`].
///
/// # Errors
/// The errors of [`kernel_distance`]; [`MetricsError::Range`] for zero subsets.
pub fn kernel_distance_of_subsets(
    a: &FeatureSet,
    b: &FeatureSet,
    subsets: Subsets,
    key: Key,
) -> Result<Spread, MetricsError> {
    MetricsError::check_range("subsets", subsets.count, subsets.count > 0, "1 or more")?;
    let draw = |set: &FeatureSet, key: Key| {
        let order = key.permutation(set.len());
        set.select(&order[..subsets.size.min(set.len())])
    };
    let distance = |subset: usize| {
        let key = key.fold(subset as u64);
        kernel_distance(&draw(a, key.fold(subsets::FIRST)), &draw(b, key.fold(subsets::SECOND)))
    };
    let distances = (0..subsets.count).map(distance).collect::<Result<Vec<_>, _>>()?;
    Ok(Spread::of(&distances))
}

impl Subsets {
    /// Returns the standard error of the mean over these subsets of `rows` rows: sd / √(count),
    /// where at most rows/size subsets count as independent.
    pub fn standard_error(self, spread: Spread, rows: usize) -> f64 {
        let independent = (rows as f64 / self.size as f64).clamp(1.0, spread.count as f64);
        spread.standard_deviation / independent.sqrt()
    }
}

/// Returns Σ k over pairs of distinct rows of one set.
fn others(set: &FeatureSet) -> f64 {
    sum(set, set, |row, line| line[..row].iter().sum::<f64>() + line[row + 1..].iter().sum::<f64>())
}

/// Returns the sum of `of(row, values)` over the rows of the first set, given the values of k with
/// all rows of the second.
fn sum(a: &FeatureSet, b: &FeatureSet, of: impl Fn(usize, &[f64]) -> f64 + Sync) -> f64 {
    let dim = a.dim();
    let line = |row: usize, line: &mut [f64]| {
        line.iter_mut().for_each(|value| *value = (*value / dim as f64 + 1.0).powi(3));
        of(row, line)
    };
    fold_rows(a.values(), b.values(), dim, product, line).iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(values: &[f32]) -> FeatureSet {
        FeatureSet::new(1, values.to_vec()).unwrap()
    }

    fn draws(key: u64, shift: f32) -> FeatureSet {
        let key = Key::new(key);
        let value = |i: u32| key.uniform_at(i / 5, i % 5) as f32 * 4.0 - 2.0 + shift;
        FeatureSet::new(5, (0..2_500).map(value).collect()).unwrap()
    }

    /// One coordinate: a = {0, 1}, b = {1, 2}: k within a 1, within b 27, between (1 + 1 + 8 +
    /// 27)/4.
    #[test]
    fn by_hand() {
        let distance = kernel_distance(&set(&[0.0, 1.0]), &set(&[1.0, 2.0])).unwrap();
        assert!((distance - (1.0 + 27.0 - 2.0 * 37.0 / 4.0)).abs() < 1e-12, "{distance}");
        // b = {1, 2, 3}: within it 27, 64 and 343, between the sets 1, 1, 1, 8, 27 and 64.
        let distance = kernel_distance(&set(&[0.0, 1.0]), &set(&[1.0, 2.0, 3.0])).unwrap();
        assert!((distance - (1.0 + 434.0 / 3.0 - 2.0 * 102.0 / 6.0)).abs() < 1e-12, "{distance}");
    }

    #[test]
    fn distributions_are_distinguished() {
        let same = kernel_distance(&draws(1, 0.0), &draws(2, 0.0)).unwrap();
        let moved = kernel_distance(&draws(1, 0.0), &draws(2, 0.5)).unwrap();
        assert!(same.abs() < 0.05 && moved > 0.3, "{same} and {moved}");
    }

    /// A subset as large as the set is the set; smaller ones yield the distances of the same parts.
    #[test]
    fn subsets() {
        let (a, b, key) = (draws(1, 0.0), draws(2, 0.5), Key::new(3));
        let of = |size, count| kernel_distance_of_subsets(&a, &b, Subsets { size, count }, key);
        let whole = of(1_000, 2).unwrap();
        assert!((whole.mean - kernel_distance(&a, &b).unwrap()).abs() < 1e-12);
        assert!(whole.standard_deviation < 1e-12);
        let spread = of(100, 20).unwrap();
        let part = |subset| {
            let part = |set: &FeatureSet, side| {
                let order = key.fold(subset).fold(side).permutation(500);
                set.select(&order[..100])
            };
            kernel_distance(&part(&a, 0), &part(&b, 1)).unwrap()
        };
        let parts: Vec<f64> = (0..20).map(part).collect();
        assert_eq!(spread, Spread::of(&parts));
        assert!((spread.mean - whole.mean).abs() < 0.5, "{spread:?} of {whole:?}");
        // Twenty subsets, of which five are independent.
        let error = Subsets { size: 100, count: 20 }.standard_error(spread, 500);
        assert!((error - spread.standard_deviation / 5.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_is_refused() {
        let (one, two) = (set(&[1.0]), set(&[1.0, 2.0]));
        let error = kernel_distance(&one, &two).unwrap_err();
        assert!(matches!(error, MetricsError::TooFew { found: 1, least: 2, .. }), "{error}");
        assert!(matches!(
            kernel_distance(&two, &draws(1, 0.0)),
            Err(MetricsError::Dimension { .. })
        ));
        let none = Subsets { size: 2, count: 0 };
        let error = kernel_distance_of_subsets(&two, &two, none, Key::new(1)).unwrap_err();
        assert!(matches!(error, MetricsError::Range { .. }), "{error}");
    }
}
