//! Fidelity and variety as separate measures, by nearest neighbours: precision, recall, density,
//! coverage.

use crate::pairs::{fold_rows, squared_difference};
use crate::{FeatureSet, MetricsError};

/// The measures by balls around the samples of a set, each reaching to the k-th nearest neighbour
/// in the same set. Each field holds one value per sample; the measure is their mean. The values
/// allow resampling ([`Bootstrap::mean`](crate::Bootstrap::mean)).
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// The precision of each generated sample: 1 if it lies in the ball of a real one, otherwise 0
    /// (Kynkäänniemi, Karras, Laine, Lehtinen, Aila, NeurIPS 2019).
    pub precision: Vec<f64>,
    /// The recall of each real sample: 1 if it lies in the ball of a generated one, otherwise 0
    /// (the same authors).
    pub recall: Vec<f64>,
    /// The density at each generated sample: the number of real balls that contain it, divided by k
    /// (Naeem, Oh, Uh, Choi, Yoo, ICML 2020); may exceed 1.
    pub density: Vec<f64>,
    /// The coverage of each real sample: 1 if its ball contains a generated one, otherwise 0 (the
    /// same authors).
    pub coverage: Vec<f64>,
}

impl Neighbours {
    /// Compares generated samples with real ones by balls to the `k`-th neighbour; k = 3 is usual
    /// for precision and recall, k = 5 for density and coverage. Balls are closed.
    ///
    /// The cost is 4·n²·d operations, in blocks of rows; the matrix of all pairs is never held.
    ///
    /// # Errors
    /// [`MetricsError::Dimension`]; [`MetricsError::TooFew`] if a set has no more than `k` rows;
    /// [`MetricsError::Range`] for k = 0.
    pub fn new(real: &FeatureSet, generated: &FeatureSet, k: usize) -> Result<Self, MetricsError> {
        MetricsError::check_dim(generated.dim(), real.dim())?;
        MetricsError::check_range("k", k, k > 0, "1 or more")?;
        for set in [real, generated] {
            let reason = || format!("a ball reaches to neighbour number {k}");
            MetricsError::check_rows("a comparison of neighbours", set.len(), k + 1, reason)?;
        }
        let [real_radii, generated_radii] = [real, generated].map(|set| radii(set, k));
        let inside = |line: &[f64], radii: &[f64]| {
            line.iter().zip(radii).filter(|(distance, radius)| distance <= radius).count()
        };
        let of_generated = compare(generated, real, |_, line| inside(line, &real_radii));
        let of_real = compare(real, generated, |row, line| {
            let covered = line.iter().any(|distance| *distance <= real_radii[row]);
            (inside(line, &generated_radii) > 0, covered)
        });
        let share = |yes: bool| f64::from(u8::from(yes));
        Ok(Self {
            precision: of_generated.iter().map(|&balls| share(balls > 0)).collect(),
            recall: of_real.iter().map(|&(recalled, _)| share(recalled)).collect(),
            density: of_generated.iter().map(|&balls| balls as f64 / k as f64).collect(),
            coverage: of_real.iter().map(|&(_, covered)| share(covered)).collect(),
        })
    }
}

/// Returns the squared distance of each row to its `k`-th nearest other row.
fn radii(set: &FeatureSet, k: usize) -> Vec<f64> {
    // The row itself is among the distances, as the nearest.
    compare(set, set, |_, line| *line.select_nth_unstable_by(k, f64::total_cmp).1)
}

/// Applies `fold` to the squared distances of each row of `a` to all rows of `b`.
fn compare<T: Send>(
    a: &FeatureSet,
    b: &FeatureSet,
    fold: impl Fn(usize, &mut [f64]) -> T + Sync,
) -> Vec<T> {
    fold_rows(a.values(), b.values(), a.dim(), squared_difference, fold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spread;
    use ebm_noise::Key;
    use proptest::prelude::*;

    fn line(values: &[f32]) -> FeatureSet {
        FeatureSet::new(1, values.to_vec()).unwrap()
    }

    /// Real balls: 0 ± 1, 1 ± 1, 3 ± 2; generated balls: 0.5 ± 4, 4.5 ± 4, 9 ± 4.5.
    #[test]
    fn by_hand() {
        let found = Neighbours::new(&line(&[0.0, 1.0, 3.0]), &line(&[0.5, 4.5, 9.0]), 1).unwrap();
        assert_eq!(found.precision, [1.0, 1.0, 0.0]);
        assert_eq!(found.density, [2.0, 1.0, 0.0]);
        assert_eq!(found.recall, [1.0; 3]);
        assert_eq!(found.coverage, [1.0; 3]);
        let found = Neighbours::new(&line(&[0.0, 1.0, 3.0]), &line(&[6.0, 6.5]), 1).unwrap();
        assert_eq!((found.precision, found.density), (vec![0.0; 2], vec![0.0; 2]));
        assert_eq!((found.recall, found.coverage), (vec![0.0; 3], vec![0.0; 3]));
    }

    #[test]
    fn what_is_refused() {
        let (two, three) = (line(&[0.0, 1.0]), line(&[0.0, 1.0, 2.0]));
        let error = Neighbours::new(&three, &two, 2).unwrap_err();
        assert!(matches!(error, MetricsError::TooFew { found: 2, least: 3, .. }), "{error}");
        assert!(matches!(Neighbours::new(&three, &two, 0), Err(MetricsError::Range { .. })));
        let wide = FeatureSet::new(2, vec![0.0; 8]).unwrap();
        assert!(matches!(Neighbours::new(&wide, &two, 1), Err(MetricsError::Dimension { .. })));
    }

    proptest! {
        /// A set compared with itself is perfect, also with equal rows; a distant set scores zero.
        #[test]
        fn identical_and_distant_sets(rows in 6usize..60, k in 1usize..6, seed: u64) {
            let key = Key::new(seed);
            // Quarters, so that rows are equal now and then.
            let value = |i: usize| (key.uniform_at(0, i as u32) * 4.0).floor() as f32 / 4.0;
            let set = FeatureSet::new(2, (0..rows * 2).map(value).collect()).unwrap();
            let same = Neighbours::new(&set, &set, k).unwrap();
            for values in [&same.precision, &same.recall, &same.coverage] {
                prop_assert_eq!(Spread::of(values).mean, 1.0);
            }
            prop_assert!(Spread::of(&same.density).mean >= 1.0);
            let far = FeatureSet::new(2, set.values().iter().map(|x| x + 9.0).collect()).unwrap();
            let apart = Neighbours::new(&set, &far, k).unwrap();
            for values in [&apart.precision, &apart.recall, &apart.density, &apart.coverage] {
                prop_assert_eq!(Spread::of(values).mean, 0.0);
            }
        }
    }
}
