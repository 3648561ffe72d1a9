//! Sums over the coordinates of all pairs of rows, in double precision and in blocks: the matrix of
//! all pairs is never held.

use ebm_noise::vectorised;
use rayon::prelude::*;

/// The rows of the first set that are processed together: each row of the second is read once for
/// all of them.
const ROWS: usize = 16;
/// The rows of a tile, whose sums stay in registers.
const TILE: [usize; 2] = [4, 2];
/// The lanes of a vector; their sums are added at the end.
const LANES: usize = 8;

/// Returns, for each row a of the first set, `fold(index, sums)` of the sums Σ term(aᵢ, bᵢ) with
/// every row b of the second set. Rows are contiguous and have length `dim`.
pub(crate) fn fold_rows<E, T>(
    a: &[E],
    b: &[E],
    dim: usize,
    term: impl Fn(f64, f64) -> f64 + Sync,
    fold: impl Fn(usize, &mut [f64]) -> T + Sync,
) -> Vec<T>
where
    E: Copy + Into<f64> + Sync,
    T: Send,
{
    let columns = b.len() / dim;
    let block = |(block, rows): (usize, &[E])| {
        let count = rows.len() / dim;
        let mut sums = vec![0.0; count * columns];
        vectorised(
            #[inline(always)]
            || block_sums(rows, b, dim, &term, &mut sums),
        );
        let mut line = |row: usize| fold(block * ROWS + row, &mut sums[row * columns..][..columns]);
        (0..count).map(&mut line).collect::<Vec<_>>()
    };
    a.par_chunks(ROWS * dim).enumerate().flat_map_iter(block).collect()
}

/// Returns the term of the dot product Σ aᵢ·bᵢ, for [`fold_rows`].
#[inline(always)]
pub(crate) fn product(a: f64, b: f64) -> f64 {
    a * b
}

/// Returns the term of the squared distance Σ (aᵢ − bᵢ)², for [`fold_rows`]: exactly 0 for equal
/// rows.
#[inline(always)]
pub(crate) fn squared_difference(a: f64, b: f64) -> f64 {
    (a - b) * (a - b)
}

/// Computes the sums of a block of rows, `[rows, columns]`.
#[inline(always)]
fn block_sums<E: Copy + Into<f64>>(
    a: &[E],
    b: &[E],
    dim: usize,
    term: &impl Fn(f64, f64) -> f64,
    sums: &mut [f64],
) {
    let (rows, columns) = (a.len() / dim, b.len() / dim);
    for column in (0..columns).step_by(TILE[1]) {
        for row in (0..rows).step_by(TILE[0]) {
            // At an edge the last row is processed again, and its sums are rewritten.
            let a = std::array::from_fn(|i| &a[(row + i).min(rows - 1) * dim..][..dim]);
            let b = std::array::from_fn(|j| &b[(column + j).min(columns - 1) * dim..][..dim]);
            let tile: [[f64; TILE[1]]; TILE[0]] = tile_sums(a, b, term);
            for (i, line) in tile.iter().enumerate() {
                for (j, &sum) in line.iter().enumerate() {
                    sums[(row + i).min(rows - 1) * columns + (column + j).min(columns - 1)] = sum;
                }
            }
        }
    }
}

#[inline(always)]
fn tile_sums<E: Copy + Into<f64>, const M: usize, const N: usize>(
    a: [&[E]; M],
    b: [&[E]; N],
    term: &impl Fn(f64, f64) -> f64,
) -> [[f64; N]; M] {
    let mut lanes = [[[0.0; LANES]; N]; M];
    let (a_vectors, a_rest) = split(a);
    let (b_vectors, b_rest) = split(b);
    for at in 0..a_vectors[0].len() {
        let b = b_vectors.map(|b| b[at].map(Into::into));
        for (a, lanes) in a_vectors.iter().zip(&mut lanes) {
            let a: [f64; LANES] = a[at].map(Into::into);
            for (b, lanes) in b.iter().zip(lanes) {
                for (lane, sum) in lanes.iter_mut().enumerate() {
                    *sum += term(a[lane], b[lane]);
                }
            }
        }
    }
    let mut sums = lanes.map(|line| line.map(|lanes| lanes.iter().sum()));
    for (a, line) in a_rest.iter().zip(&mut sums) {
        for (b, sum) in b_rest.iter().zip(line) {
            *sum += a.iter().zip(*b).map(|(&a, &b)| term(a.into(), b.into())).sum::<f64>();
        }
    }
    sums
}

/// Splits each row into whole vectors and the remainder.
#[inline(always)]
fn split<E, const M: usize>(rows: [&[E]; M]) -> ([&[[E; LANES]]; M], [&[E]; M]) {
    (rows.map(|row| row.as_chunks().0), rows.map(|row| row.as_chunks::<LANES>().1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against two loops, at sizes with and without remainders of blocks, tiles and vectors.
        /// The numbers are small integers, so sums are exact in every order.
        #[test]
        fn every_pair_is_there(rows in 0usize..40, columns in 0usize..7, dim in 1usize..21, seed: u64) {
            let draw = |count: usize, key: u64| -> Vec<f32> {
                let key = ebm_noise::Key::new(seed).fold(key);
                (0..count * dim).map(|i| (key.uniform_at(0, i as u32) * 17.0).floor() as f32).collect()
            };
            let (a, b) = (draw(rows, 0), draw(columns, 1));
            let expected = |term: fn(f64, f64) -> f64| -> Vec<(usize, Vec<f64>)> {
                let sum = |a: &[f32], b: &[f32]| {
                    a.iter().zip(b).map(|(&a, &b)| term(a.into(), b.into())).sum::<f64>()
                };
                let line = |a| b.chunks(dim).map(|b| sum(a, b)).collect();
                a.chunks(dim).map(line).enumerate().collect()
            };
            let found = fold_rows(&a, &b, dim, product, |row, line| (row, line.to_vec()));
            prop_assert_eq!(found, expected(|a, b| a * b));
            let found = fold_rows(&a, &b, dim, squared_difference, |row, line| (row, line.to_vec()));
            prop_assert_eq!(found, expected(|a, b| (a - b).powi(2)));
        }
    }
}
