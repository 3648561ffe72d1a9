//! The two matrix decompositions of a Fréchet distance.

use rayon::prelude::*;

/// The entries of a vector, or rows of a matrix, of one task; sums do not depend on the number of
/// threads.
const CHUNK: usize = 64;
/// The number of bisections that reaches the last bit.
const HALVINGS: usize = 60;

/// Returns F with FᵀF = Σ for a covariance Σ, `[dim, dim]`, as rows `[rank, dim]`: the Cholesky
/// factor with complete pivoting, which stops once the remainder is rounding error (Higham,
/// "Analysis of the Cholesky decomposition of a semi-definite matrix", 1990). A singular Σ has
/// fewer rows.
pub(super) fn factor(covariance: Vec<f64>, dim: usize) -> Vec<f64> {
    let mut left: Vec<f64> = covariance.iter().step_by(dim + 1).copied().collect();
    let tolerance = left.iter().copied().fold(0.0, f64::max) * dim as f64 * f64::EPSILON;
    let mut rows: Vec<f64> = Vec::new();
    while rows.len() < dim * dim {
        let largest = |best: usize, at: usize| if left[at] > left[best] { at } else { best };
        let pivot = (0..dim).fold(0, largest);
        if left[pivot] <= tolerance {
            break;
        }
        let mut row = covariance[pivot * dim..][..dim].to_vec();
        let scale = 1.0 / left[pivot].sqrt();
        row.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, row)| {
            for earlier in rows.chunks_exact(dim) {
                add_scaled(row, &earlier[chunk * CHUNK..][..row.len()], -earlier[pivot]);
            }
            row.iter_mut().for_each(|value| *value *= scale);
        });
        left.iter_mut().zip(&row).for_each(|(left, value)| *left -= value * value);
        left[pivot] = 0.0;
        rows.extend(row);
    }
    rows
}

/// Returns the singular values of a matrix `[rows, columns]`, largest first.
pub(super) fn singular_values(matrix: Vec<f64>, rows: usize, columns: usize) -> Vec<f64> {
    if rows >= columns {
        return values_of_bidiagonal(&bidiagonal(matrix, columns));
    }
    let column = |column: usize| matrix[column..].iter().step_by(columns).copied();
    values_of_bidiagonal(&bidiagonal((0..columns).flat_map(column).collect(), rows))
}

/// Reduces a matrix with at least as many rows as columns to bidiagonal form by Householder
/// reflections from both sides (Golub and Kahan 1965) and returns diagonal and superdiagonal
/// interleaved: d₁, e₁, d₂, e₂, …, dₙ.
fn bidiagonal(mut matrix: Vec<f64>, columns: usize) -> Vec<f64> {
    let mut band = Vec::with_capacity(2 * columns);
    for step in 0..columns {
        let below = &mut matrix[step * columns..];
        let column = below[step..].iter().step_by(columns).copied().collect();
        let (head, left) = reflection(column);
        band.push(head);
        let right = step + 1..columns;
        if right.is_empty() {
            break;
        }
        // vᵀA of the left reflection, in chunks that are added in order.
        let parts = below.par_chunks(CHUNK * columns).zip(left.par_chunks(CHUNK));
        let parts: Vec<Vec<f64>> = parts
            .map(|(rows, left)| {
                let mut sum = vec![0.0; right.len()];
                for (row, &v) in rows.chunks_exact(columns).zip(left) {
                    add_scaled(&mut sum, &row[right.clone()], v);
                }
                sum
            })
            .collect();
        let mut products = vec![0.0; right.len()];
        parts.iter().for_each(|part| add_scaled(&mut products, part, 1.0));

        let (first, rest) = below.split_at_mut(columns);
        add_scaled(&mut first[right.clone()], &products, -left[0]);
        let (head, across) = reflection(first[right.clone()].to_vec());
        band.push(head);
        let rows = rest.par_chunks_mut(CHUNK * columns).zip(left[1..].par_chunks(CHUNK));
        rows.for_each(|(rows, left)| {
            for (row, &v) in rows.chunks_exact_mut(columns).zip(left) {
                let row = &mut row[right.clone()];
                add_scaled(row, &products, -v);
                let along: f64 = dot(row, &across);
                add_scaled(row, &across, -along);
            }
        });
    }
    band
}

/// Returns h and v of the reflection I − vvᵀ that maps x to (h, 0, …, 0).
fn reflection(mut x: Vec<f64>) -> (f64, Vec<f64>) {
    let norm = dot(&x, &x).sqrt();
    if norm == 0.0 {
        return (0.0, x);
    }
    let head = -norm.copysign(x[0]);
    x[0] -= head;
    // ‖x − he₁‖² = 2·norm·|x₀ − h|.
    let scale = 1.0 / (norm * x[0].abs()).sqrt();
    x.iter_mut().for_each(|value| *value *= scale);
    (head, x)
}

/// Returns the singular values of a bidiagonal matrix: the positive eigenvalues of the tridiagonal
/// matrix with a zero diagonal and the band beside it. Each is found by bisection, with the
/// eigenvalues below a point counted by a Sturm sequence (Golub and Van Loan, "Matrix
/// Computations", §8.4).
fn values_of_bidiagonal(band: &[f64]) -> Vec<f64> {
    let count = band.len().div_ceil(2);
    let largest = band.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let squares: Vec<f64> = band.iter().map(|value| value * value).collect();
    let tiny = largest * largest * f64::MIN_POSITIVE.sqrt();
    let below = |x: f64| {
        let nonzero = |q: f64| if q.abs() < tiny { -tiny } else { q };
        let mut q = nonzero(-x);
        let mut negative = usize::from(q < 0.0);
        for square in &squares {
            q = nonzero(-x - square / q);
            negative += usize::from(q < 0.0);
        }
        negative
    };
    let value = |index: usize| {
        // Gershgorin: no eigenvalue is above twice the largest entry.
        let (mut low, mut high) = (0.0, 2.0 * largest);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            // `count` eigenvalues are not positive, and `index` are above the one sought.
            if below(middle) >= 2 * count - index { high = middle } else { low = middle }
        }
        0.5 * (low + high)
    };
    (0..count).into_par_iter().map(value).collect()
}

fn add_scaled(sum: &mut [f64], values: &[f64], scale: f64) {
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * scale);
}

/// Computes the dot product in eight sums, which a compiler can hold in vectors.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_singular_values() {
        let close = |found: Vec<f64>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-14, "{found}, not {expected}");
            }
        };
        // AᵀA = [[25, 20], [20, 25]] has the eigenvalues 45 and 5.
        let root = [45.0_f64.sqrt(), 5.0_f64.sqrt()];
        close(singular_values(vec![3.0, 0.0, 4.0, 5.0], 2, 2), &root);
        // A matrix of rank 1, (1, 2, 2)ᵀ(3, 4), and its transpose.
        let narrow = [[3.0, 4.0], [6.0, 8.0], [6.0, 8.0]].concat();
        close(singular_values(narrow, 3, 2), &[15.0, 0.0]);
        let wide = [[3.0, 6.0, 6.0], [4.0, 8.0, 8.0]].concat();
        close(singular_values(wide, 2, 3), &[15.0, 0.0]);
        close(singular_values(vec![0.0; 4], 2, 2), &[0.0, 0.0]);
        close(singular_values(vec![-7.0], 1, 1), &[7.0]);
        close(singular_values(vec![], 0, 0), &[]);
    }

    #[test]
    fn factors_of_regular_and_singular_matrices() {
        let regular = vec![4.0, 2.0, 0.0, 2.0, 5.0, 1.0, 0.0, 1.0, 3.0];
        let singular = vec![1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 4.0];
        for (matrix, rank) in [(regular, 3), (singular, 1), (vec![0.0; 9], 0)] {
            let rows = factor(matrix.clone(), 3);
            assert_eq!(rows.len(), rank * 3);
            for (at, expected) in matrix.iter().enumerate() {
                let product = |row: &[f64]| row[at / 3] * row[at % 3];
                let found: f64 = rows.chunks(3).map(product).sum();
                assert!((found - expected).abs() < 1e-14, "{at}: {found}, not {expected}");
            }
        }
    }
}
