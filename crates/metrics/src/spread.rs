//! The uncertainty of a measure: spread over parts, bootstrap, jackknife.

use ebm_noise::Key;

use crate::MetricsError;

/// The mean and standard deviation of a measure over parts or subsets of the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean of the values.
    pub mean: f64,
    /// The standard deviation of the values, with their number as divisor.
    pub standard_deviation: f64,
    /// The number of values.
    pub count: usize,
}

impl Spread {
    /// Computes the spread of values; NaN without values.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean, standard_deviation: (squares / count as f64).sqrt(), count }
    }
}

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The parameters of a bootstrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// The number of resamples.
    pub resamples: usize,
    /// The confidence level: the share of resamples within the interval.
    pub level: f64,
}

impl Default for Bootstrap {
    /// Returns 1 000 resamples and intervals of 95 %.
    fn default() -> Self {
        Self { resamples: 1_000, level: 0.95 }
    }
}

impl Bootstrap {
    /// Computes the percentile interval (Efron 1979) of `measure`, which is evaluated on sets of
    /// `len` indices below `len`, drawn with replacement by `key`.
    ///
    /// It suits means over samples. A measure of nearest neighbours or covariances is biased by the
    /// repeated rows of a resample: use a jackknife over groups instead ([`jackknife_error`]).
    ///
    /// # Errors
    /// [`MetricsError::TooFew`] without samples, [`MetricsError::Range`] for a level outside (0, 1)
    /// or zero resamples.
    pub fn interval(
        self,
        len: usize,
        key: Key,
        measure: impl Fn(&[usize]) -> f64,
    ) -> Result<Interval, MetricsError> {
        let Self { resamples, level } = self;
        let reason = || "there is nothing to draw from".into();
        MetricsError::check_rows("a bootstrap", len, 1, reason)?;
        MetricsError::check_range("resamples", resamples, resamples > 0, "1 or more")?;
        MetricsError::check_range("level", level, level > 0.0 && level < 1.0, "in (0, 1)")?;
        let draw = |resample: usize| -> f64 {
            let index = |i: usize| {
                let index = key.uniform_at(resample as u32, i as u32) * len as f64;
                (index as usize).min(len - 1)
            };
            measure(&(0..len).map(index).collect::<Vec<_>>())
        };
        let mut values: Vec<f64> = (0..resamples).map(draw).collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| values[(share * (resamples - 1) as f64).round() as usize];
        Ok(Interval { low: at(0.5 * (1.0 - level)), high: at(0.5 * (1.0 + level)) })
    }

    /// Computes the percentile interval of the mean of values.
    ///
    /// # Errors
    /// The errors of [`interval`](Self::interval).
    pub fn mean(self, values: &[f64], key: Key) -> Result<Interval, MetricsError> {
        let mean = |indices: &[usize]| {
            indices.iter().map(|&index| values[index]).sum::<f64>() / values.len() as f64
        };
        self.interval(values.len(), key, mean)
    }
}

/// Computes the standard error of a measure by the jackknife, √((g − 1)/g · Σ(θᵢ − θ̄)²), from its
/// values θᵢ with each of g equally large groups of samples left out in turn (Quenouille 1956,
/// Tukey 1958).
///
/// # Errors
/// [`MetricsError::TooFew`] for fewer than two groups.
pub fn jackknife_error(left_out: &[f64]) -> Result<f64, MetricsError> {
    let groups = left_out.len();
    let reason = || "one group says nothing of the spread".into();
    MetricsError::check_rows("a jackknife", groups, 2, reason)?;
    Ok(Spread::of(left_out).standard_deviation * ((groups - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(count: u32) -> Vec<f64> {
        (0..count).map(|i| Key::new(4).uniform_at(0, i)).collect()
    }

    #[test]
    fn a_spread_by_hand() {
        let spread = Spread::of(&[1.0, 3.0]);
        assert_eq!(spread, Spread { mean: 2.0, standard_deviation: 1.0, count: 2 });
        assert_eq!(Spread::of(&[5.0]).standard_deviation, 0.0);
    }

    /// For a mean it equals the standard error, sd / √n with divisor n − 1.
    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        let values = [1.0, 2.0, 6.0, 7.0];
        let left_out = values.map(|value| (16.0 - value) / 3.0);
        let expected = (26.0_f64 / 3.0 / 4.0).sqrt();
        assert!((jackknife_error(&left_out).unwrap() - expected).abs() < 1e-15);
        assert!(matches!(jackknife_error(&[1.0]), Err(MetricsError::TooFew { least: 2, .. })));
    }

    /// The mean of 400 uniform numbers has a standard error of √(1/12/400) = 0.0144; 95 % lie
    /// within 1.96 standard errors.
    #[test]
    fn a_bootstrap_of_a_mean() {
        let (values, key) = (draws(400), Key::new(1));
        let interval = Bootstrap::default().mean(&values, key).unwrap();
        let half = 0.5 * (interval.high - interval.low);
        assert!((half - 1.96 * 0.0144).abs() < 0.003, "{half}");
        let mean = Spread::of(&values).mean;
        assert!((0.5 * (interval.high + interval.low) - mean).abs() < 0.003, "{interval:?}");
        assert_eq!(Bootstrap::default().mean(&values, key), Ok(interval));
        assert_ne!(Bootstrap::default().mean(&values, Key::new(2)), Ok(interval));
        let narrow = Bootstrap { level: 0.5, ..Bootstrap::default() }.mean(&values, key).unwrap();
        assert!(narrow.low > interval.low && narrow.high < interval.high, "{narrow:?}");
    }

    #[test]
    fn what_is_refused() {
        let refused = |bootstrap: Bootstrap, values: &[f64]| {
            bootstrap.mean(values, Key::new(1)).unwrap_err().to_string()
        };
        let good = Bootstrap::default();
        assert!(refused(good, &[]).contains("nothing to draw from"));
        assert!(refused(Bootstrap { level: 1.0, ..good }, &[1.0]).contains("in (0, 1)"));
        assert!(refused(Bootstrap { resamples: 0, ..good }, &[1.0]).contains("resamples is 0"));
    }
}
