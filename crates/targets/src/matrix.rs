//! Small dense matrices in double precision, row-major. The matrix of a target is factored once, so
//! the textbook algorithm suffices and a linear-algebra library would not pay off.

use crate::error::TargetError;

/// Returns the entries of a matrix of `columns` columns, given by its rows, and checks that they
/// are finite.
pub(crate) fn flatten(
    parameter: &'static str,
    rows: &[Vec<f64>],
    columns: usize,
) -> Result<Vec<f64>, TargetError> {
    let mut entries = Vec::with_capacity(rows.len() * columns);
    for row in rows {
        TargetError::length(parameter, columns, row.len())?;
        for &entry in row {
            TargetError::finite(parameter, entry)?;
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// Returns the lower triangular L with L·Lᵀ = `a` (Cholesky–Banachiewicz).
pub(crate) fn cholesky(a: &[f64], dim: usize) -> Result<Vec<f64>, TargetError> {
    // The rounding error of a pivot that should be zero.
    let negligible = f64::EPSILON * dim as f64;
    let mut l = vec![0.0; dim * dim];
    for row in 0..dim {
        for column in 0..=row {
            let [given, mirror] = [a[row * dim + column], a[column * dim + row]];
            if (given - mirror).abs() > 1e-9 * given.abs().max(mirror.abs()) {
                return Err(TargetError::NotSymmetric { row, column, given, mirror });
            }
            let known: f64 = (0..column).map(|k| l[row * dim + k] * l[column * dim + k]).sum();
            let rest = given - known;
            l[row * dim + column] = if row > column {
                rest / l[column * dim + column]
            } else if rest > negligible * given {
                rest.sqrt()
            } else {
                return Err(TargetError::NotPositiveDefinite { row, pivot: rest });
            };
        }
    }
    Ok(l)
}

/// Returns (L·Lᵀ)⁻¹ for a lower triangular L.
pub(crate) fn inverse_of_square(l: &[f64], dim: usize) -> Vec<f64> {
    // L⁻¹, a column at a time, by forward substitution.
    let mut inverse = vec![0.0; dim * dim];
    for column in 0..dim {
        inverse[column * dim + column] = 1.0 / l[column * dim + column];
        for row in column + 1..dim {
            let known: f64 =
                (column..row).map(|k| l[row * dim + k] * inverse[k * dim + column]).sum();
            inverse[row * dim + column] = -known / l[row * dim + row];
        }
    }
    let mut product = vec![0.0; dim * dim];
    for row in 0..dim {
        for column in 0..dim {
            product[row * dim + column] = (row.max(column)..dim)
                .map(|k| inverse[k * dim + row] * inverse[k * dim + column])
                .sum();
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn multiply(a: &[f64], b: &[f64], dim: usize) -> Vec<f64> {
        let entry = |i: usize| (0..dim).map(|k| a[i / dim * dim + k] * b[k * dim + i % dim]).sum();
        (0..dim * dim).map(entry).collect()
    }

    proptest! {
        /// A = B·Bᵀ + I is positive definite: L·Lᵀ gives it back, and A·A⁻¹ the identity.
        #[test]
        fn factors_and_inverses(
            dim in 1usize..7,
            b in prop::collection::vec(-2.0..2.0f64, 36),
        ) {
            let transposed = |a: &[f64]| -> Vec<f64> {
                (0..dim * dim).map(|i| a[i % dim * dim + i / dim]).collect()
            };
            let b = &b[..dim * dim];
            let mut a = multiply(b, &transposed(b), dim);
            (0..dim).for_each(|i| a[i * dim + i] += 1.0);
            let l = cholesky(&a, dim).expect("positive definite");
            let back = multiply(&l, &transposed(&l), dim);
            let identity = multiply(&a, &inverse_of_square(&l, dim), dim);
            for i in 0..dim * dim {
                prop_assert!((back[i] - a[i]).abs() < 1e-10);
                let expected = f64::from(u8::from(i / dim == i % dim));
                prop_assert!((identity[i] - expected).abs() < 1e-9, "{}", identity[i]);
            }
        }
    }
}
