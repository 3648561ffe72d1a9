//! The modified Bessel function I₀, scaled by exp(−x).

/// From this argument on the asymptotic series reaches rounding: its smallest term is near
/// exp(−2x).
const ASYMPTOTIC: f64 = 20.0;

/// Returns exp(−x)·I₀(x) for x ≥ 0, to rounding (Abramowitz and Stegun 1964, 9.6.12 and 9.7.1).
pub(super) fn i0_scaled(x: f64) -> f64 {
    if x < ASYMPTOTIC {
        // Σ (x/2)²ᵏ/(k!)²: all terms are positive.
        return (-x).exp() * series(|k| (0.5 * x / k).powi(2));
    }
    // Σ (1·3·…·(2k − 1))²/(k!·(8x)ᵏ) over √(2πx).
    series(|k| (2.0 * k - 1.0).powi(2) / (8.0 * k * x)) / (std::f64::consts::TAU * x).sqrt()
}

/// Sums 1 + a₁ + a₁a₂ + …, where `factor(k)` is aₖ, until terms are below rounding.
fn series(factor: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    loop {
        term *= factor(k);
        sum += term;
        k += 1.0;
        // Terms grow at first when x is large.
        if factor(k) < 1.0 && term < 1e-17 * sum {
            return sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.special.i0e` of SciPy 1.17.1.
    #[test]
    fn tabulated_values() {
        for (x, expected) in [
            (0.0, 1.0),
            (1.0, 0.465_759_607_593_640_4),
            (5.0, 0.183_540_812_609_328_3),
            (19.99, 0.089_803_061_428_909_4),
            (20.0, 0.089_780_311_884_826_0),
            (100.0, 0.039_944_379_299_096_7),
        ] {
            let relative = i0_scaled(x) / expected - 1.0;
            assert!(relative.abs() < 1e-14, "{x}: {relative:e}");
        }
    }

    /// I₀(x) = ∫ exp(x·cos θ) dθ/2π over a period, where the trapezoidal rule converges
    /// geometrically.
    #[test]
    fn the_integral_it_is() {
        let nodes = 4000;
        for x in [1e-3, 0.7, 3.0, 19.99, 20.0, 55.0, 400.0, 5000.0] {
            let angle = |i: i32| std::f64::consts::TAU * f64::from(i) / f64::from(nodes);
            let sum: f64 = (0..nodes).map(|i| (x * (angle(i).cos() - 1.0)).exp()).sum();
            let relative = i0_scaled(x) / (sum / f64::from(nodes)) - 1.0;
            assert!(relative.abs() < 1e-12, "{x}: {relative:e}");
        }
    }
}
