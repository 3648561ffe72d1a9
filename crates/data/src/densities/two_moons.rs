//! Two interlocking half circles, blurred.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::dice::Dice;
use super::logarithms::{log_peak, log_sum_exp};

/// The upper half circle's centre; the lower one is its mirror image in the origin.
const CENTRE: [f64; 2] = [-0.25, -0.125];
const RADIUS: f64 = 0.5;
/// scikit-learn's 0.1 at a radius of 1.
const STD: f64 = 0.05;

/// The nodes of the integral over a half circle; along the arc they lie at most 0.25·STD apart.
const NODES: usize = 200;

struct Node {
    point: [f64; 2],
    log_weight: f64,
}

/// The Gauss–Legendre rule on the upper half circle, with weights that add to 1.
static ARC: LazyLock<Vec<Node>> = LazyLock::new(|| {
    let node = |(t, weight): (f64, f64)| {
        let (point, log_weight) = (on_arc(0.5 * PI * (t + 1.0)), (0.5 * weight).ln());
        Node { point, log_weight }
    };
    gauss_legendre(NODES).into_iter().map(node).collect()
});

/// ½·∫ N(x; arc(θ), σ²·I) dθ/π + ½·∫ N(x; −arc(θ), σ²·I) dθ/π over θ from 0 to π. A cut circle has
/// no closed form; the integrals are smooth and the rule is exact to rounding.
pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let terms = ARC.iter().flat_map(|Node { point: [a, b], log_weight }| {
        [1.0, -1.0].map(|side| {
            let squared = (x[0] - side * a).powi(2) + (x[1] - side * b).powi(2);
            log_weight - squared / (2.0 * STD * STD)
        })
    });
    log_sum_exp(terms) + log_peak(STD) + 0.5_f64.ln()
}

pub(super) fn draw(dice: Dice) -> [f64; 2] {
    let side = if dice.choice(0, 2) == 0 { 1.0 } else { -1.0 };
    let [a, b] = on_arc(PI * dice.uniform(1));
    dice.gaussian([side * a, side * b], STD)
}

fn on_arc(angle: f64) -> [f64; 2] {
    [CENTRE[0] + RADIUS * angle.cos(), CENTRE[1] + RADIUS * angle.sin()]
}

/// Returns the nodes and weights of the Gauss–Legendre rule on [−1, 1]: the roots of the Legendre
/// polynomial Pₙ by Newton's method from their asymptotic positions, weights 2/((1 − t²)·Pₙ′(t)²).
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let node = |i: usize| {
        let mut t = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        // The starting points are right to O(n⁻²): Newton's third step is at rounding.
        for _ in 0..5 {
            let (value, slope) = legendre(n, t);
            t -= value / slope;
        }
        (t, 2.0 / ((1.0 - t * t) * legendre(n, t).1.powi(2)))
    };
    (0..n).map(node).collect()
}

/// Returns Pₙ(t) and Pₙ′(t), by the recurrence (k + 1)·Pₖ₊₁ = (2k + 1)·t·Pₖ − k·Pₖ₋₁.
fn legendre(n: usize, t: f64) -> (f64, f64) {
    let (mut before, mut value) = (0.0, 1.0);
    for k in 0..n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k + 1.0) * t * value - k * before) / (k + 1.0));
    }
    (value, n as f64 * (before - t * value) / (1.0 - t * t))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With n nodes the rule is exact for polynomials up to degree 2n − 1.
    #[test]
    fn the_rule_integrates_polynomials() {
        for (n, degree) in [(1, 0), (2, 2), (5, 8), (20, 38), (NODES, 100)] {
            let integral: f64 =
                gauss_legendre(n).iter().map(|(t, weight)| weight * t.powi(degree)).sum();
            let exact = 2.0 / f64::from(degree + 1);
            assert!((integral - exact).abs() < 1e-13, "t^{degree} by {n} nodes: {integral}");
        }
    }

    /// Against Simpson's rule with so many nodes that its own error is below 10⁻¹¹: between the
    /// arcs, at an end, at a centre, on an arc, and at the edge of the promised range.
    #[test]
    fn the_integral_is_exact_to_rounding() {
        let intervals = 300_000;
        let simpson = |x: [f64; 2]| {
            let terms = (0..=intervals).flat_map(|i| {
                let weight = if i % intervals == 0 { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                let [a, b] = on_arc(PI * f64::from(i) / f64::from(intervals));
                [1.0, -1.0].map(|side| {
                    let squared = (x[0] - side * a).powi(2) + (x[1] - side * b).powi(2);
                    (weight / (6.0 * f64::from(intervals))).ln() - squared / (2.0 * STD * STD)
                })
            });
            log_sum_exp(terms) + log_peak(STD)
        };
        for x in
            [[0.0, 0.0], [0.25, -0.125], [-0.25, -0.125], [-0.25, 0.375], [2.0, 2.0], [-2.0, 1.0]]
        {
            let error = log_density(x) - simpson(x);
            assert!(error.abs() < 1e-11, "{x:?}: {error:e}");
        }
    }
}
