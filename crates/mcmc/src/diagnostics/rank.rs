//! Rank normalisation: Blom's normal scores of ranks (Vehtari et al. 2021, eq. 14).

use statrs::function::erf::erfc_inv;

use super::draws::Trace;
use super::stats::median;

/// Returns the normal scores Φ⁻¹((r − 3/8)/(S + 1/4)) of the rank r of each draw among all S. Equal
/// draws share the mean of their ranks. All scores are NaN if a draw is NaN.
pub(super) fn normal_scores(trace: &Trace) -> Trace {
    if trace.has_nan() {
        return trace.map(|_| f64::NAN);
    }
    let values = trace.values();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let size = values.len() as f64;
    let mut scores = vec![0.0; values.len()];
    let mut before = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (ties.len() as f64 + 1.0) / 2.0;
        let score = normal_quantile((rank - 0.375) / (size + 0.25));
        ties.iter().for_each(|&i| scores[i] = score);
        before += ties.len();
    }
    trace.with_values(scores)
}

/// Returns the distances from the median of all draws.
pub(super) fn folded(trace: &Trace) -> Trace {
    let median = median(trace.values());
    trace.map(|x| (x - median).abs())
}

fn normal_quantile(probability: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of the standard normal distribution from tables.
    #[test]
    fn quantiles_are_those_of_the_normal_distribution() {
        for (probability, quantile) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.05, -1.644_853_626_951_472_7),
            (1e-6, -4.753_424_308_822_899),
        ] {
            let got = normal_quantile(probability);
            assert!((got - quantile).abs() < 1e-13, "{probability}: {got}");
        }
    }

    #[test]
    fn ties_share_a_rank_and_zeros_are_equal() {
        let trace = Trace::unchecked(vec![3.0, -0.0, 0.0, 0.0, 7.0], 5);
        let scores = normal_scores(&trace);
        let expected = [4.0, 2.0, 2.0, 2.0, 5.0].map(|r| normal_quantile((r - 0.375) / 5.25));
        assert_eq!(scores.values(), expected);
    }
}
