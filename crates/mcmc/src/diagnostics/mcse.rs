//! Monte-Carlo standard errors of estimates from chains (Vehtari et al. 2021, section 4).

use statrs::function::gamma::ln_gamma;

use super::draws::Trace;
use super::ess::{ess_mean, ess_quantile, ess_sd};
use super::stats::{mean, sorted, variance};

/// Returns the Monte-Carlo standard error of the mean: sd / √ess, with the ESS of [`ess_mean`].
pub fn mcse_mean(trace: &Trace) -> f64 {
    (variance(trace.values()) / ess_mean(trace)).sqrt()
}

/// Returns the Monte-Carlo standard error of the standard deviation, from the fourth moment by the
/// delta method, with the ESS of [`ess_sd`]. NaN for draws that are all equal.
pub fn mcse_sd(trace: &Trace) -> f64 {
    let center = mean(trace.values());
    let squares = trace.map(|x| (x - center).powi(2));
    let second = mean(squares.values());
    let fourth = mean(squares.map(|x| x * x).values());
    let of_variance = (fourth - second * second) / ess_sd(trace);
    (of_variance / second / 4.0).sqrt()
}

/// Returns the Monte-Carlo standard error of a quantile: half the distance of the draws at the 16 %
/// and the 84 % quantile of the Beta distribution that the probability of the quantile has after
/// [`ess_quantile`] draws. NaN if `probability` is not in [0, 1].
pub fn mcse_quantile(trace: &Trace, probability: f64) -> f64 {
    let ess = ess_quantile(trace, probability);
    if ess.is_nan() {
        return f64::NAN;
    }
    let (a, b) = (ess * probability + 1.0, ess * (1.0 - probability) + 1.0);
    let sorted = sorted(trace.values());
    let last = (sorted.len() - 1) as f64;
    // Φ(∓1).
    let [low, high] = [0.158_655_3, 0.841_344_7]
        .map(|probability| beta_quantile(probability, a, b) * sorted.len() as f64 - 1.0);
    let low = sorted[low.clamp(0.0, last).floor() as usize];
    let high = sorted[high.clamp(0.0, last).ceil() as usize];
    (high - low) / 2.0
}

/// Returns the x with I_x(a, b) = `probability`, by bisection, for a, b ≥ 1.
fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if incomplete_beta(a, b, middle) < probability { low = middle } else { high = middle }
    }
}

/// Returns the regularised incomplete beta function I_x(a, b) for 0 < x < 1, by its continued
/// fraction (Abramowitz and Stegun 26.5.8) with Lentz's method. Common implementations stop after a
/// fixed number of terms, but the a and b of an effective sample size of 10⁵ need several hundred.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x > (a + 1.0) / (a + b + 2.0) {
        1.0 - continued_fraction(b, a, 1.0 - x)
    } else {
        continued_fraction(a, b, x)
    }
}

/// Returns I_x(a, b). Converges fast for x below the mode.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let ln_front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    let nonzero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut numerator, mut denominator, mut fraction) = (1.0, 0.0, 1.0);
    for term in 0..100_000 {
        let m = f64::from(term / 2);
        let coefficient = match term {
            0 => 1.0,
            _ if term % 2 == 0 => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        denominator = 1.0 / nonzero(1.0 + coefficient * denominator);
        numerator = nonzero(1.0 + coefficient / numerator);
        let change = numerator * denominator;
        fraction *= change;
        if term > 0 && (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    ln_front.exp() * (fraction - 1.0) / a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    #[test]
    fn beta_distribution() {
        // I_x(2, 3) = 6x² − 8x³ + 3x⁴.
        let x: f64 = 0.3;
        let expected = 6.0 * x.powi(2) - 8.0 * x.powi(3) + 3.0 * x.powi(4);
        assert!((incomplete_beta(2.0, 3.0, x) - expected).abs() < 1e-14);
        assert!((incomplete_beta(1.0, 1.0, 0.7) - 0.7).abs() < 1e-14);
        assert!((beta_quantile(expected, 2.0, 3.0) - x).abs() < 1e-14);
        for size in [1.0, 100.0, 1e6] {
            assert!((beta_quantile(0.5, size, size) - 0.5).abs() < 1e-10, "symmetric: {size}");
        }
        // Nearly normal: mean 0.05, standard deviation √(0.05·0.95/10⁶), plus Cornish-Fisher's 0 at
        // Φ(±1).
        let upper = beta_quantile(0.841_344_746_068_543, 5e4, 95e4);
        assert!((upper - 0.05 - 2.179_449_e-4).abs() < 2e-9, "{upper}");
    }

    /// The errors of 40 000 independent normal draws are σ/√S, σ/√(2S), and for a quantile
    /// √(p(1 − p)/S)/density.
    #[test]
    fn independent_draws_have_textbook_errors() {
        let trace = Trace::unchecked(normals(4, 40_000), 10_000);
        assert!((mcse_mean(&trace) * 200.0 - 1.0).abs() < 0.1, "{}", mcse_mean(&trace));
        let expected = 1.0 / (2.0 * 40_000_f64).sqrt();
        assert!((mcse_sd(&trace) / expected - 1.0).abs() < 0.1, "{}", mcse_sd(&trace));
        for (probability, density) in [(0.5, 0.398_942_3), (0.1, 0.175_498_3)] {
            let expected = f64::sqrt(probability * (1.0 - probability) / 40_000.0) / density;
            let error = mcse_quantile(&trace, probability);
            assert!((error / expected - 1.0).abs() < 0.2, "{probability}: {error}, not {expected}");
        }
    }

    #[test]
    fn edge_cases() {
        let constant = Trace::unchecked(vec![0.1; 400], 100);
        assert_eq!([mcse_mean(&constant), mcse_quantile(&constant, 0.3)], [0.0, 0.0]);
        assert!(mcse_sd(&constant).is_nan());
        let trace = Trace::unchecked(vec![0.0, 1.0, f64::NAN, 3.0], 4);
        assert!(mcse_mean(&trace).is_nan() && mcse_sd(&trace).is_nan());
        assert!(mcse_quantile(&trace, 0.5).is_nan() && mcse_quantile(&constant, -0.1).is_nan());
    }
}
