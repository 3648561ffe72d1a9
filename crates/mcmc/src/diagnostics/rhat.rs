//! R̂, the ratio of the spread of all chains to that within chains, which is 1 when chains have
//! mixed (Vehtari et al. 2021, sections 3.1 and 4).

use super::draws::Trace;
use super::rank::{folded, normal_scores};
use super::stats::{mean, variance};

/// Returns rank-normalised split R̂, the larger one of [`rhat_bulk`] and [`rhat_folded`]. Vehtari
/// et al. advise to use draws only if it is below 1.01. NaN for one chain and for draws that are
/// all equal.
pub fn rhat(trace: &Trace) -> f64 {
    let (bulk, folded) = (rhat_bulk(trace), rhat_folded(trace));
    // This follows Python's `max`: NaN if the first is NaN, and the first if the second is NaN.
    if folded > bulk { folded } else { bulk }
}

/// Returns split R̂ of normal scores of ranks, which finds chains that differ in location.
pub fn rhat_bulk(trace: &Trace) -> f64 {
    multichain(trace, |trace| potential_scale_reduction(&normal_scores(&trace.split())))
}

/// Returns split R̂ of normal scores of distances from the median, which finds chains that differ
/// in scale.
pub fn rhat_folded(trace: &Trace) -> f64 {
    multichain(trace, |trace| potential_scale_reduction(&normal_scores(&folded(&trace.split()))))
}

/// Returns R̂ of half chains without ranks (Gelman et al., Bayesian Data Analysis, 3rd edition),
/// which also finds chains that drift, but needs a finite variance.
pub fn rhat_split(trace: &Trace) -> f64 {
    multichain(trace, |trace| potential_scale_reduction(&trace.split()))
}

/// Returns R̂ of whole chains (Gelman and Rubin 1992).
pub fn rhat_plain(trace: &Trace) -> f64 {
    multichain(trace, potential_scale_reduction)
}

fn multichain(trace: &Trace, rhat: impl Fn(&Trace) -> f64) -> f64 {
    if trace.chains().len() < 2 || trace.undefined() { f64::NAN } else { rhat(trace) }
}

/// Returns √((B/W + N − 1)/N), where B/N is the variance of the means of the chains and W the mean
/// of their variances.
fn potential_scale_reduction(trace: &Trace) -> f64 {
    let n = trace.draws() as f64;
    let means: Vec<_> = trace.chains().map(mean).collect();
    let variances: Vec<_> = trace.chains().map(variance).collect();
    ((n * variance(&means) / mean(&variances) + n - 1.0) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    /// The known answer of mini-mcmc: two draws of three chains in four coordinates. In the first,
    /// chains (0,1), (1,1), (0,0) have W = 1/6 and variance of means 1/4: R̂² = (2·(1/4)·6 + 1)/2 =
    /// 2.
    #[test]
    fn plain_equals_a_known_answer() {
        let draws = [
            [[0.0, 1.0, 0.0, 1.0], [1.0, 2.0, 0.0, 2.0], [0.0, 0.0, 0.0, 2.0]],
            [[1.0, 2.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0]],
        ];
        let expected = [std::f64::consts::SQRT_2, 1.080_123_4, 0.894_427_1, 0.866_025_4];
        for (coordinate, expected) in expected.into_iter().enumerate() {
            let values =
                (0..3).flat_map(|chain| draws.map(|step| step[chain][coordinate])).collect();
            let rhat = potential_scale_reduction(&Trace::unchecked(values, 2));
            assert!((rhat - expected).abs() < 1e-6, "coordinate {coordinate}: {rhat}");
        }
    }

    /// One chain of four differs in location, in scale or by a trend.
    #[test]
    fn each_kind_finds_its_own_fault() {
        let normals = normals(5, 4000);
        let changed = |change: fn(usize, f64) -> f64| {
            let last = normals[3000..].iter().enumerate().map(|(i, &x)| change(i, x));
            let values = normals[..3000].iter().copied().chain(last).collect();
            Trace::unchecked(values, 1000)
        };
        let same = changed(|_, x| x);
        for rhat in [rhat, rhat_bulk, rhat_folded, rhat_split, rhat_plain] {
            assert!((rhat(&same) - 1.0).abs() < 0.01);
        }
        let shifted = changed(|_, x| x + 1.0);
        assert!(rhat_plain(&shifted) > 1.05 && rhat_bulk(&shifted) > 1.05);
        let wide = changed(|_, x| 4.0 * x);
        assert!(rhat_folded(&wide) > 1.05 && rhat_bulk(&wide) < 1.01);
        assert_eq!(rhat(&wide), rhat_folded(&wide));
        // A trend that leaves the mean of the whole chain as it was.
        let drifting = changed(|i, x| x + (i as f64 - 499.5) / 200.0);
        assert!(rhat_split(&drifting) > 1.05 && rhat_plain(&drifting) < 1.01);
    }

    #[test]
    fn edge_cases() {
        let constant = Trace::unchecked(vec![0.1; 400], 100);
        assert!(rhat(&constant).is_nan() && rhat_plain(&constant).is_nan());
        let apart = Trace::unchecked((0..400).map(|i| f64::from(i / 100)).collect(), 100);
        assert_eq!([rhat(&apart), rhat_plain(&apart)], [f64::INFINITY; 2]);
        let one = Trace::unchecked(normals(1, 100), 100);
        assert!(rhat(&one).is_nan());
        let mut hole = normals(1, 400);
        hole[17] = f64::NAN;
        assert!(rhat(&Trace::unchecked(hole, 100)).is_nan());
        let mut infinite = normals(1, 400);
        infinite[17] = f64::INFINITY;
        let infinite = Trace::unchecked(infinite, 100);
        assert!(rhat(&infinite).is_finite() && rhat_plain(&infinite).is_nan());
    }
}
