//! Effective sample size: the number of independent draws with the same standard error (Vehtari et
//! al. 2021, section 3.2 and appendix A; truncation after Geyer, "Practical Markov chain Monte
//! Carlo", 1992).

use super::autocorrelation::autocovariance_over_chains;
use super::draws::Trace;
use super::rank::normal_scores;
use super::stats::{mean, quantile, sorted, variance};

/// Returns the effective sample size in the bulk, that of the normal scores of ranks. Vehtari et
/// al. advise at least 100 per chain.
pub fn ess_bulk(trace: &Trace) -> f64 {
    defined(trace, |trace| effective(&normal_scores(&trace.split())))
}

/// Returns the effective sample size in the tails, the smaller one of those for the 5 % and the 95
/// % quantile.
pub fn ess_tail(trace: &Trace) -> f64 {
    ess_quantile(trace, 0.05).min(ess_quantile(trace, 0.95))
}

/// Returns the effective sample size for the mean: the variance of the draws over it is the squared
/// standard error of their mean.
pub fn ess_mean(trace: &Trace) -> f64 {
    defined(trace, |trace| effective(&trace.split()))
}

/// Returns the effective sample size for the standard deviation, that of squared distances from the
/// mean of all draws.
pub fn ess_sd(trace: &Trace) -> f64 {
    let mean = mean(trace.values());
    ess_mean(&trace.map(|x| (x - mean).powi(2)))
}

/// Returns the effective sample size for a quantile, that of the indicator that a draw is not above
/// it. NaN if `probability` is not in [0, 1].
pub fn ess_quantile(trace: &Trace, probability: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    defined(trace, |trace| {
        let quantile = quantile(&sorted(trace.values()), probability);
        ess_mean(&trace.map(|x| f64::from(u8::from(x <= quantile))))
    })
}

/// Returns the integrated autocorrelation time 1 + 2·Σ ρ_t in draws: the number of draws worth one
/// independent draw for the mean. It is the number of all draws over [`ess_mean`].
pub fn integrated_autocorrelation_time(trace: &Trace) -> f64 {
    trace.values().len() as f64 / ess_mean(trace)
}

/// Returns the effective sample size of the chains as they are, without splitting them in halves:
/// C·N/τ with τ = 1 + 2·Σ ρ_t, where ρ_t compares the autocovariance within chains with the
/// variance of all draws.
///
/// The sum is taken over pairs of lags as long as they are positive and made monotone (Geyer's
/// initial monotone sequence); τ is at least 1/log₁₀(C·N).
pub fn ess_unsplit(trace: &Trace) -> f64 {
    defined(trace, effective)
}

/// NaN where draws are too few or NaN.
fn defined(trace: &Trace, ess: impl Fn(&Trace) -> f64) -> f64 {
    if trace.undefined() { f64::NAN } else { ess(trace) }
}

/// [`ess_unsplit`] of chains of any length.
fn effective(trace: &Trace) -> f64 {
    let (chains, draws) = (trace.chains().len(), trace.draws());
    let size = (chains * draws) as f64;
    let smallest = trace.values().iter().copied().fold(f64::INFINITY, f64::min);
    let largest = trace.values().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest - smallest < 1e-15 {
        return size;
    }
    let covariance = autocovariance_over_chains(trace);
    let n = draws as f64;
    let within = covariance[0] * n / (n - 1.0);
    let mut total = covariance[0];
    if chains > 1 {
        let means: Vec<_> = trace.chains().map(mean).collect();
        total += variance(&means);
    }
    let correlation = |lag: usize| 1.0 - (within - covariance[lag]) / total;
    let time = integrated_time(draws, correlation);
    size / floor_at(time, 1.0 / size.log10())
}

/// τ = −1 + 2·Σ over the kept pairs (ρ₀, ρ₁), (ρ₂, ρ₃), …, plus the next even lag unless it and its
/// pair are negative, which lowers the variance of the estimate for antithetic chains.
fn integrated_time(draws: usize, correlation: impl Fn(usize) -> f64) -> f64 {
    let (mut even, mut odd) = (1.0, correlation(1));
    let mut pairs = Vec::new();
    // The pair after the kept ones needs two more lags.
    while 2 * pairs.len() + 4 < draws && even + odd > 0.0 {
        pairs.push((even, odd));
        (even, odd) = (correlation(2 * pairs.len()), correlation(2 * pairs.len() + 1));
    }
    let mut sum = 0.0;
    let mut bound = f64::INFINITY;
    for (even, odd) in pairs {
        bound = bound.min(even + odd);
        sum += bound;
    }
    // One NaN among the draws makes all correlations NaN; `even` may still be ρ₀ = 1.
    if odd.is_nan() {
        return f64::NAN;
    }
    let next = if even <= 0.0 && even + odd < 0.0 { 0.0 } else { even };
    2.0 * sum - 1.0 + next
}

/// Returns the larger value; NaN stays NaN.
fn floor_at(value: f64, floor: f64) -> f64 {
    if value < floor { floor } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    /// The test of TensorFlow Probability: each independent draw ten times in a row.
    #[test]
    fn repeated_draws_count_once() {
        let draws = normals(3, 5000);
        let repeated = draws.iter().flat_map(|&x| [x; 10]).collect();
        let trace = Trace::unchecked(repeated, 50_000);
        for ess in [ess_mean, ess_bulk, ess_unsplit] {
            let ess = ess(&trace);
            assert!((ess - 5000.0).abs() < 500.0, "{ess}");
        }
        let time = integrated_autocorrelation_time(&trace);
        assert!((time - 10.0).abs() < 1.0, "{time}");
    }

    /// x' = φx + ε has τ = (1 + φ)/(1 − φ): 19 for φ = 0.9 and 1/3 for φ = −0.5.
    #[test]
    fn autoregressive_chains_have_their_known_time() {
        for (phi, expected) in [(0.9, 19.0), (-0.5, 1.0 / 3.0)] {
            let mut x = 0.0;
            let chains = normals(8, 100_000).into_iter().map(|noise| {
                x = phi * x + noise;
                x
            });
            let trace = Trace::unchecked(chains.collect(), 25_000);
            let time = integrated_autocorrelation_time(&trace);
            assert!((time / expected - 1.0).abs() < 0.15, "φ = {phi}: {time}, not {expected}");
        }
    }

    #[test]
    fn edge_cases() {
        let constant = Trace::unchecked(vec![0.1; 400], 100);
        assert_eq!([ess_bulk(&constant), ess_mean(&constant), ess_tail(&constant)], [400.0; 3]);
        // The middle draw of 101 is left out.
        let odd = Trace::unchecked(vec![0.1; 404], 101);
        assert_eq!([ess_mean(&odd), ess_unsplit(&odd)], [400.0, 404.0]);
        let mut hole = normals(1, 400);
        hole[17] = f64::NAN;
        let hole = Trace::unchecked(hole, 100);
        for ess in [ess_bulk, ess_mean, ess_sd, ess_tail, ess_unsplit] {
            assert!(ess(&hole).is_nan());
        }
        let mut infinite = normals(1, 400);
        infinite[17] = f64::INFINITY;
        let infinite = Trace::unchecked(infinite, 100);
        assert!(ess_mean(&infinite).is_nan() && ess_bulk(&infinite).is_finite());
        let wrong = ess_quantile(&constant, 1.5);
        assert!(wrong.is_nan(), "{wrong}");
    }
}
