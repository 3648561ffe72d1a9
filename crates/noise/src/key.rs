//! Keys: values that identify streams of random numbers.

use burn::tensor::{Device, Tensor, TensorData};

use crate::normal::{self, LANES};
use crate::philox::philox_4x32_10;

/// The last counter word separates uses of a key: a folded key never equals a block of draws.
const DRAW: u32 = 0;
const FOLD: u32 = 1;
const PERMUTE: u32 = 2;
const SINGLE: u32 = 3;

/// The identity of a stream of random numbers: a `Copy` value without state.
///
/// The first dimension of a tensor is the *row* (a chain, an item of a batch): row `i` of a draw
/// depends on the key and on `i`, not on the number of rows drawn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    words: [u32; 2],
    first_row: u32,
}

impl Key {
    /// Creates the root key of a seed.
    pub fn new(seed: u64) -> Self {
        Self { words: split(seed), first_row: 0 }
    }

    /// Returns another key, determined by this one and `data`: a stream of
    /// [`streams`](crate::streams), an iteration, a step.
    ///
    /// Keys have 64 bits: a billion folded keys collide with a probability below 3 %.
    pub fn fold(self, data: u64) -> Self {
        let [low, high] = split(data);
        let mixed = philox_4x32_10([low, high, 0, FOLD], self.words);
        Self { words: [mixed[0], mixed[1]], first_row: self.first_row }
    }

    /// Returns the same stream without its first `rows` rows, to draw a part of a batch on its own.
    pub fn skip_rows(self, rows: u32) -> Self {
        Self { first_row: self.first_row.wrapping_add(rows), ..self }
    }

    /// Draws standard normal numbers (Box–Muller; |z| stays below 6.8, the limit of 32-bit
    /// uniforms).
    ///
    /// # Shapes
    /// - output: `shape`, `[rows, …]`
    pub fn normal<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let per_row: usize = shape[1..].iter().product();
        let mut values = vec![0.0; shape[0] * per_row];
        if per_row > 0 {
            values.chunks_exact_mut(per_row).enumerate().for_each(|(row, values)| {
                self.normal_row(row as u32, per_row, |first, numbers| {
                    values[first..first + numbers.len()].copy_from_slice(numbers);
                });
            });
        }
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// Draws the first `len` numbers of row `row` of [`normal`](Self::normal) without a tensor:
    /// `visit(first, numbers)` receives them in order, a few at a time. It is compiled for the
    /// machine's widest vectors.
    #[inline]
    pub fn normal_row(self, row: u32, len: usize, visit: impl FnMut(usize, &[f32])) {
        let row = self.first_row.wrapping_add(row);
        normal::vectorised(
            #[inline(always)]
            || normal::for_each(len, self.words, |block| [block, row, 0, DRAW], visit),
        );
    }

    /// Draws numbers uniformly from `[0, 1)`, multiples of 2⁻²⁴.
    ///
    /// # Shapes
    /// - output: `shape`, `[rows, …]`
    pub fn uniform<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let rows = shape[0];
        let per_row: usize = shape[1..].iter().product();
        let mut values = Vec::with_capacity(rows * per_row);
        for row in 0..rows {
            let row_number = self.first_row.wrapping_add(row as u32);
            for start in (0..per_row).step_by(4) {
                let block = (start / 4) as u32;
                let four = philox_4x32_10([block, row_number, 0, DRAW], self.words).map(unit);
                values.extend_from_slice(&four[..4.min(per_row - start)]);
            }
        }
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// Draws the numbers `4·block..4·block + 4` of the rows `row..row + LANES` of
    /// [`normal`](Self::normal), as `[number][row]`, for loops under
    /// [`vectorised`](crate::vectorised).
    #[inline(always)]
    pub fn normal_lanes(self, row: u32, block: u32) -> [[f32; LANES]; 4] {
        let first = self.first_row.wrapping_add(row);
        normal::lanes(self.words, |lane| [block, first.wrapping_add(lane as u32), 0, DRAW])
    }

    /// Draws a number uniformly from `[0, 1)`, a multiple of 2⁻⁵³: number `index` of row `row`, for
    /// algorithms on the host whose number of draws depends on the draws themselves.
    pub fn uniform_at(self, row: u32, index: u32) -> f64 {
        let row = self.first_row.wrapping_add(row);
        let [low, high, ..] = philox_4x32_10([index, row, 0, SINGLE], self.words);
        let bits = (u64::from(high) << 32) | u64::from(low);
        (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Draws a uniformly random permutation of `0..len` (Fisher–Yates).
    ///
    /// # Panics
    /// If `len` does not fit 32 bits.
    pub fn permutation(self, len: usize) -> Vec<usize> {
        let len_32 = u32::try_from(len).expect("a permutation's length must fit 32 bits");
        let mut order: Vec<usize> = (0..len).collect();
        for last in (1..len_32).rev() {
            let words = philox_4x32_10([last, 0, 0, PERMUTE], self.words);
            // 64 random bits for a 32-bit bound: the bias is below 2⁻³².
            let random = (u64::from(words[0]) << 32) | u64::from(words[1]);
            let chosen = (u128::from(random) * u128::from(last + 1)) >> 64;
            order.swap(last as usize, chosen as usize);
        }
        order
    }
}

fn split(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn normal_moments() {
        let n = 400_000;
        let draws = values(Key::new(3).normal::<2>([1000, 400], &Device::flex()));
        let moment =
            |power: i32| draws.iter().map(|&z| f64::from(z).powi(power)).sum::<f64>() / n as f64;
        // Four standard errors: Var z = 1, Var z² = 2, Var z³ = 15, Var z⁴ = 96.
        for (power, mean, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let tolerance = 4.0 * f64::sqrt(variance / n as f64);
            assert!((moment(power) - mean).abs() < tolerance, "moment {power}: {}", moment(power));
        }
    }

    #[test]
    fn streams_differ() {
        let device = Device::flex();
        let draw = |key: Key| values(key.uniform::<1>([64], &device));
        let root = Key::new(1);
        assert_ne!(draw(root), draw(root.fold(0)));
        assert_ne!(draw(root.fold(0)), draw(root.fold(1)));
        assert_ne!(draw(root.fold(1).fold(2)), draw(root.fold(2).fold(1)));
        assert_eq!(draw(root.fold(5)), draw(Key::new(1).fold(5)));
    }

    proptest! {
        #[test]
        fn permutations_are_permutations(seed: u64, len in 0usize..300) {
            let mut order = Key::new(seed).permutation(len);
            order.sort_unstable();
            prop_assert_eq!(order, (0..len).collect::<Vec<_>>());
        }

        #[test]
        fn rows_do_not_depend_on_the_split(seed: u64, rows in 1u32..9, more in 1u32..9, width in 1usize..150) {
            let device = Device::flex();
            let key = Key::new(seed);
            let whole = values(key.normal::<2>([(rows + more) as usize, width], &device));
            let mut parts = values(key.normal::<2>([rows as usize, width], &device));
            parts.extend(values(key.skip_rows(rows).normal::<2>([more as usize, width], &device)));
            prop_assert_eq!(whole, parts);
        }
    }
}
