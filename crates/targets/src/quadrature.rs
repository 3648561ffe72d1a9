//! Densities in one dimension on a grid: integrals, means and quantiles.

/// A probability density on equally spaced nodes.
///
/// Integrals are by the trapezoidal rule, which for smooth integrands that vanish at both ends of
/// the range (or continue there as even functions) converges exponentially in the number of nodes
/// (Trefethen and Weideman, SIAM Review 2014).
pub(crate) struct Density {
    nodes: Vec<f64>,
    /// The probability of each node; they sum to 1.
    masses: Vec<f64>,
    /// The logarithm of the integral before normalisation.
    pub(crate) log_mass: f64,
    /// P(X ≤ node).
    cumulative: Vec<f64>,
}

/// The peaks of the densities here are wider than a hundredth of their range, which 4 096 nodes
/// resolve.
const INTERVALS: usize = 4096;

impl Density {
    /// Creates the density ∝ exp(`log_density`) on `[low, high]`.
    pub(crate) fn new([low, high]: [f64; 2], log_density: impl Fn(f64) -> f64) -> Self {
        let step = (high - low) / INTERVALS as f64;
        let nodes: Vec<f64> = (0..=INTERVALS).map(|i| low + i as f64 * step).collect();
        let logs: Vec<f64> = nodes.iter().map(|&x| log_density(x)).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut masses: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
        masses[0] *= 0.5;
        masses[INTERVALS] *= 0.5;
        let sum: f64 = masses.iter().sum();
        masses.iter_mut().for_each(|mass| *mass /= sum);
        let mut below = 0.0;
        let last = masses.len() - 1;
        let cumulative = masses
            .iter()
            .enumerate()
            .map(|(i, mass)| {
                below += mass;
                // A node's mass lies half below it, except at the ends of the range.
                if i == 0 {
                    0.0
                } else if i == last {
                    1.0
                } else {
                    below - 0.5 * mass
                }
            })
            .collect();
        Self { nodes, masses, log_mass: largest + (sum * step).ln(), cumulative }
    }

    /// Returns E[f(X)].
    pub(crate) fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.nodes.iter().zip(&self.masses).map(|(&x, mass)| mass * f(x)).sum()
    }

    /// Returns x with P(X ≤ x) = `p`, interpolated between nodes.
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        let above = self.cumulative.partition_point(|&c| c < p).clamp(1, self.nodes.len() - 1);
        let [low, high] = [self.cumulative[above - 1], self.cumulative[above]];
        let fraction = if high > low { (p - low) / (high - low) } else { 0.5 };
        self.nodes[above - 1] + fraction * (self.nodes[above] - self.nodes[above - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_normal() {
        let normal = Density::new([-12.0, 12.0], |x| -0.5 * x * x);
        assert!((normal.log_mass - 0.5 * crate::math::LN_TAU).abs() < 1e-14);
        for (power, expected) in [(1, 0.0), (2, 1.0), (4, 3.0), (6, 15.0)] {
            assert!((normal.mean(|x| x.powi(power)) - expected).abs() < 1e-12, "E[x^{power}]");
        }
        // Quantiles from tables of the normal distribution.
        for (p, expected) in [(0.5, 0.0), (0.975, 1.959_963_984_5), (0.001, -3.090_232_306_2)] {
            let quantile = normal.quantile(p);
            assert!((quantile - expected).abs() < 1e-4, "quantile {p}: {quantile}");
        }
        assert!(normal.quantile(0.0) >= -12.0 && normal.quantile(1.0) <= 12.0);
    }
}
