//! Moments of a posterior of one or two weights, by the trapezoidal rule around its mode.

use crate::math::{sigmoid, softplus};
use crate::matrix;

/// Limits beyond which a quadrature takes longer than a test should: a third weight, or a prior
/// much wider than the likelihood.
const LARGEST_DIM: usize = 2;
const MOST_NODES: usize = 1 << 20;

/// The largest distances between nodes, in standard deviations of the Laplace approximation and in
/// logits. The rule converges exponentially; the nearest singularities of a loss are at logits of
/// ±iπ.
const SPACING: f64 = 0.125;
const LOGIT_SPACING: f64 = 0.5;

/// The initial half-width of the grid, in standard deviations.
const REACH: f64 = 8.0;

/// A density, relative to the largest, that is negligible.
const NEGLIGIBLE: f64 = 1e-15;

/// Enough steps to come near the mode. It need not be reached: the rule is as accurate around a
/// point near it.
const DESCENT_STEPS: usize = 1000;

/// The normaliser log ∫ exp(−U), and the moments of each weight.
pub(super) struct Moments {
    pub(super) log_mass: f64,
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
}

/// The data and the prior of a logistic regression.
pub(super) struct Posterior<'p> {
    /// The design matrix, row by row, `[observations, dim]`.
    pub(super) design: &'p [f64],
    /// The labels, zeros and ones.
    pub(super) labels: &'p [f64],
    pub(super) dim: usize,
    pub(super) prior_precision: f64,
}

impl Posterior<'_> {
    /// Returns the moments, or `None` if there are more than two weights or too many nodes.
    pub(super) fn moments(&self) -> Option<Moments> {
        let dim = self.dim;
        if dim > LARGEST_DIM {
            return None;
        }
        let (centre, scale) = self.laplace()?;
        let at_centre = self.energy_at(&centre);
        let spacing = SPACING.min(LOGIT_SPACING / self.steepest(&scale));
        // Offsets from the centre, with the density relative to that at the centre.
        let weigh = |node: &[i32]| {
            let z: Vec<f64> = node.iter().map(|&i| f64::from(i) * spacing).collect();
            let offset: Vec<f64> = scale.chunks(dim).map(|row| dot(row, &z)).collect();
            let w: Vec<f64> = centre.iter().zip(&offset).map(|(centre, by)| centre + by).collect();
            (offset, (at_centre - self.energy_at(&w)).exp())
        };
        let mut reach = (REACH / spacing).ceil() as i32;
        let nodes = loop {
            if (2.0 * f64::from(reach)).powi(dim as i32) > MOST_NODES as f64 {
                return None;
            }
            let grid = grid(dim, reach);
            let nodes: Vec<(Vec<f64>, f64)> = grid.iter().map(|node| weigh(node)).collect();
            // The energy is convex: a density that is negligible all along the border is negligible
            // beyond it.
            let largest = nodes.iter().fold(0.0_f64, |largest, node| largest.max(node.1));
            let mut pairs = grid.iter().zip(&nodes);
            let reaches = |node: &[i32]| node.iter().any(|i| i.abs() == reach);
            if pairs.all(|(at, node)| !reaches(at) || node.1 < NEGLIGIBLE * largest) {
                break nodes;
            }
            reach *= 2;
        };
        let mass: f64 = nodes.iter().map(|node| node.1).sum();
        let moment = |i: usize, power: i32| -> f64 {
            nodes.iter().map(|(offset, density)| density * offset[i].powi(power)).sum::<f64>()
                / mass
        };
        let log_volume: f64 =
            scale.iter().step_by(dim + 1).map(|pivot| (pivot * spacing).ln()).sum();
        Some(Moments {
            log_mass: mass.ln() - at_centre + log_volume,
            mean: (0..dim).map(|i| centre[i] + moment(i, 1)).collect(),
            variance: (0..dim).map(|i| moment(i, 2) - moment(i, 1).powi(2)).collect(),
        })
    }

    /// Returns the approximate mode, and L of the Laplace approximation N(mode, L·Lᵀ) there.
    fn laplace(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        let dim = self.dim;
        // Steps with a bound of the curvature always descend (Böhning, Annals of the Institute of
        // Statistical Mathematics 1992).
        let bound = self.covariance(|_| 0.25)?;
        let mut mode = vec![0.0; dim];
        for _ in 0..DESCENT_STEPS {
            let gradient = self.gradient_at(&mode);
            mode.iter_mut().zip(bound.chunks(dim)).for_each(|(w, row)| *w -= dot(row, &gradient));
        }
        let covariance = self.covariance(|x| {
            let p = sigmoid(dot(x, &mode));
            p * (1.0 - p)
        })?;
        Some((mode, matrix::cholesky(&covariance, dim).ok()?))
    }

    /// Returns the largest change of a logit by a step of 1 along an axis of z, in w = centre +
    /// `scale`·z.
    fn steepest(&self, scale: &[f64]) -> f64 {
        let dim = self.dim;
        let column = |axis: usize| scale.iter().skip(axis).step_by(dim);
        let slope = |x: &[f64], axis| x.iter().zip(column(axis)).map(|(x, l)| x * l).sum::<f64>();
        let slopes = self.design.chunks(dim);
        slopes.flat_map(|x| (0..dim).map(move |axis| slope(x, axis).abs())).fold(0.0, f64::max)
    }

    /// Returns (I/s² + Σᵢ curvature(xᵢ)·xᵢxᵢᵀ)⁻¹.
    fn covariance(&self, curvature: impl Fn(&[f64]) -> f64) -> Option<Vec<f64>> {
        let dim = self.dim;
        let mut precision = vec![0.0; dim * dim];
        precision.iter_mut().step_by(dim + 1).for_each(|entry| *entry = self.prior_precision);
        for x in self.design.chunks(dim) {
            let curvature = curvature(x);
            for (entry, i) in precision.iter_mut().zip(0..) {
                *entry += curvature * x[i / dim] * x[i % dim];
            }
        }
        let cholesky = matrix::cholesky(&precision, dim).ok()?;
        Some(matrix::inverse_of_square(&cholesky, dim))
    }

    /// Returns U in double precision.
    fn energy_at(&self, w: &[f64]) -> f64 {
        let observations = self.design.chunks(w.len()).zip(self.labels);
        let losses = observations.map(|(x, label)| softplus(dot(x, w)) - label * dot(x, w));
        losses.sum::<f64>() + 0.5 * dot(w, w) * self.prior_precision
    }

    /// Returns ∇U in double precision.
    fn gradient_at(&self, w: &[f64]) -> Vec<f64> {
        let mut gradient: Vec<f64> = w.iter().map(|w| w * self.prior_precision).collect();
        for (x, label) in self.design.chunks(w.len()).zip(self.labels) {
            let surplus = sigmoid(dot(x, w)) - label;
            gradient.iter_mut().zip(x).for_each(|(slope, x)| *slope += surplus * x);
        }
        gradient
    }
}

/// Returns all nodes with coordinates in −`reach`..=`reach`.
fn grid(dim: usize, reach: i32) -> Vec<Vec<i32>> {
    let side = 2 * reach + 1;
    let node =
        |number: i32| (0..dim as u32).map(|axis| number / side.pow(axis) % side - reach).collect();
    (0..side.pow(dim as u32)).map(node).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
