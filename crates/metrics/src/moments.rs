//! The mean and covariance of features, accumulated batch by batch.

use rayon::prelude::*;

use crate::pairs::{fold_rows, product};
use crate::{FeatureSet, MetricsError};

/// The number of rows that are centred and multiplied together.
const BATCH: usize = 512;

/// The count, mean and scatter matrix of rows, in double precision. Batches are merged by the
/// formulas of Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm for computing
/// sample variances", 1979), which avoid catastrophic cancellation.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    count: usize,
    mean: Vec<f64>,
    /// The sum Σ (x − mean)(x − mean)ᵀ, `[dim, dim]`.
    scatter: Vec<f64>,
}

impl Moments {
    /// Creates the moments of no rows.
    pub fn new(dim: usize) -> Self {
        Self { count: 0, mean: vec![0.0; dim], scatter: vec![0.0; dim * dim] }
    }

    /// Computes the moments of all rows of a set.
    pub fn of(set: &FeatureSet) -> Self {
        let mut moments = Self::new(set.dim());
        set.values()
            .chunks(BATCH * set.dim())
            .for_each(|rows| moments.join(&Self::batch(rows, set.dim())));
        moments
    }

    /// Restores moments from their [`count`](Self::count), [`mean`](Self::mean) and
    /// [`scatter`](Self::scatter).
    ///
    /// # Errors
    /// [`MetricsError::Ragged`] if the scatter is not `[dim, dim]`, [`MetricsError::Range`] if a
    /// value is not finite.
    pub fn from_parts(
        count: usize,
        mean: Vec<f64>,
        scatter: Vec<f64>,
    ) -> Result<Self, MetricsError> {
        let dim = mean.len();
        if dim == 0 || scatter.len() != dim * dim {
            return Err(MetricsError::Ragged { found: scatter.len(), dim });
        }
        for value in mean.iter().chain(&scatter) {
            MetricsError::check_range("a moment", *value, value.is_finite(), "a finite number")?;
        }
        Ok(Self { count, mean, scatter })
    }

    /// Adds the rows of a set.
    ///
    /// # Errors
    /// [`MetricsError::Dimension`].
    pub fn push(&mut self, set: &FeatureSet) -> Result<(), MetricsError> {
        self.merge(&Self::of(set))
    }

    /// Adds the rows that `other` was computed from.
    ///
    /// # Errors
    /// [`MetricsError::Dimension`].
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        MetricsError::check_dim(other.dim(), self.dim())?;
        self.join(other);
        Ok(())
    }

    /// Returns the number of features of a row.
    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// Returns the number of rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the mean, `[dim]`; zeros for no rows.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Returns the scatter matrix Σ (x − mean)(x − mean)ᵀ, `[dim, dim]`.
    pub fn scatter(&self) -> &[f64] {
        &self.scatter
    }

    /// Returns the covariance with divisor n − 1, `[dim, dim]`; `None` for fewer than two rows.
    pub fn covariance(&self) -> Option<Vec<f64>> {
        let scale = (self.count > 1).then(|| 1.0 / (self.count - 1) as f64)?;
        Some(self.scatter.iter().map(|sum| sum * scale).collect())
    }

    fn batch(rows: &[f32], dim: usize) -> Self {
        let count = rows.len() / dim;
        let mut mean = vec![0.0; dim];
        for row in rows.chunks_exact(dim) {
            mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        mean.iter_mut().for_each(|sum| *sum /= count as f64);
        // One row per feature: the scatter is the products of all pairs.
        let feature = |feature: usize| {
            let mean = mean[feature];
            rows[feature..].iter().step_by(dim).map(move |&value| f64::from(value) - mean)
        };
        let centred: Vec<f64> = (0..dim).into_par_iter().flat_map_iter(feature).collect();
        let scatter = fold_rows(&centred, &centred, count, product, |_, line| line.to_vec());
        Self { count, mean, scatter: scatter.concat() }
    }

    fn join(&mut self, other: &Self) {
        let (n, m) = (self.count as f64, other.count as f64);
        if other.count == 0 {
            return;
        }
        let shift: Vec<f64> = other.mean.iter().zip(&self.mean).map(|(b, a)| b - a).collect();
        let weight = n * m / (n + m);
        let lines = self.scatter.chunks_exact_mut(self.mean.len());
        for ((line, others), a) in lines.zip(other.scatter.chunks_exact(shift.len())).zip(&shift) {
            for ((sum, other), b) in line.iter_mut().zip(others).zip(&shift) {
                *sum += other + a * b * weight;
            }
        }
        self.mean.iter_mut().zip(&shift).for_each(|(mean, shift)| *mean += shift * m / (n + m));
        self.count += other.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_noise::Key;
    use proptest::prelude::*;

    /// Far from the origin, sums of squares would lose all digits of the covariance.
    #[test]
    fn by_hand() {
        let far = 1_048_576.0;
        let set = FeatureSet::new(2, vec![far + 1.0, 5.0, far + 3.0, 5.0, far + 5.0, 2.0]).unwrap();
        let moments = Moments::of(&set);
        assert_eq!(moments.mean(), [1_048_579.0, 4.0]);
        assert_eq!(moments.covariance().unwrap(), [4.0, -3.0, -3.0, 3.0]);
        assert_eq!(Moments::of(&set.select(&[0])).covariance(), None);
    }

    #[test]
    fn moments_are_restored_from_their_parts() {
        let moments = Moments::of(&FeatureSet::new(1, vec![1.0, 3.0]).unwrap());
        let (mean, scatter) = (moments.mean().to_vec(), moments.scatter().to_vec());
        assert_eq!(Moments::from_parts(2, mean.clone(), scatter), Ok(moments));
        let ragged = MetricsError::Ragged { found: 2, dim: 1 };
        assert_eq!(Moments::from_parts(2, mean, vec![0.0; 2]), Err(ragged));
        let broken = Moments::from_parts(2, vec![f64::NAN], vec![1.0]);
        assert!(matches!(broken, Err(MetricsError::Range { .. })), "{broken:?}");
    }

    proptest! {
        /// The moments do not depend on the split into batches.
        #[test]
        fn batches_join(cut in 0usize..1300, seed: u64) {
            let key = Key::new(seed);
            let values = (0..1300 * 3).map(|i| key.uniform_at(0, i) as f32 * 8.0 + 100.0).collect();
            let set = FeatureSet::new(3, values).unwrap();
            let part = |range: std::ops::Range<usize>| set.select(&range.collect::<Vec<_>>());
            let mut parts = Moments::of(&part(0..cut));
            parts.push(&part(cut..1300)).unwrap();
            let whole = Moments::of(&set);
            prop_assert_eq!(parts.count(), 1300);
            let pairs = whole.mean.iter().zip(&parts.mean);
            for (a, b) in pairs.chain(whole.scatter.iter().zip(&parts.scatter)) {
                prop_assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{} and {}", a, b);
            }
        }
    }
}
