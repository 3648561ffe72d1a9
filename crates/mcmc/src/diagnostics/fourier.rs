//! The discrete Fourier transform of a power of two of complex numbers (Cooley and Tukey 1965),
//! which is all that an autocovariance needs. A crate for it would switch on features of crates
//! below Burn.

use std::f64::consts::TAU;

/// A complex number, real and imaginary part.
pub(super) type Complex = [f64; 2];

/// A transform of one length.
pub(super) struct Fourier {
    /// exp(−2πik/length) for k below half the length.
    roots: Vec<Complex>,
}

impl Fourier {
    /// Creates the transform of `length` numbers, a power of two.
    pub(super) fn new(length: usize) -> Self {
        debug_assert!(length.is_power_of_two());
        let root = |k| {
            let (sin, cos) = (-TAU * k as f64 / length as f64).sin_cos();
            [cos, sin]
        };
        Self { roots: (0..length / 2).map(root).collect() }
    }

    /// Transforms numbers in place: x_k ← Σ_j x_j·exp(−2πijk/length).
    pub(super) fn transform(&self, x: &mut [Complex]) {
        let length = x.len();
        debug_assert_eq!(length / 2, self.roots.len());
        if length < 2 {
            return;
        }
        let unused = usize::BITS - length.trailing_zeros();
        for i in 0..length {
            let reversed = i.reverse_bits() >> unused;
            if i < reversed {
                x.swap(i, reversed);
            }
        }
        let mut half = 1;
        while half < length {
            let stride = length / 2 / half;
            for block in x.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                let roots = self.roots.iter().step_by(stride);
                for ((a, b), root) in low.iter_mut().zip(high).zip(roots) {
                    let turned = [b[0] * root[0] - b[1] * root[1], b[0] * root[1] + b[1] * root[0]];
                    *b = [a[0] - turned[0], a[1] - turned[1]];
                    *a = [a[0] + turned[0], a[1] + turned[1]];
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    #[test]
    fn equals_the_sum() {
        for length in [1, 2, 4, 64] {
            let x: Vec<Complex> =
                normals(1, 2 * length).chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
            let mut transformed = x.clone();
            Fourier::new(length).transform(&mut transformed);
            for (k, got) in transformed.iter().enumerate() {
                let mut sum = [0.0, 0.0];
                for (j, [re, im]) in x.iter().enumerate() {
                    let (sin, cos) = (-TAU * (j * k) as f64 / length as f64).sin_cos();
                    sum[0] += re * cos - im * sin;
                    sum[1] += re * sin + im * cos;
                }
                let error = (got[0] - sum[0]).hypot(got[1] - sum[1]);
                assert!(error < 1e-11, "{k} of {length}: {got:?}, not {sum:?}");
            }
        }
    }
}
