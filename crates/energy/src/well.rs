//! A double well in every coordinate.

use burn::tensor::Tensor;

use crate::{BlockEnergy, Energy, LANES};

/// U(x) = Σ b·(x² − 1)²: wells at ±1, a barrier of height b between them. With b = 2, E\[x²\] = 0.8521361522.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoubleWell {
    /// b.
    pub barrier: f64,
}

impl<const D: usize> Energy<D> for DoubleWell {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        let wells = (x.powi_scalar(2) - 1.0).powi_scalar(2) * self.barrier;
        wells.flatten::<2>(1, D - 1).sum_dim(1).squeeze_dim(1)
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let gradient = x.clone() * (x.clone().powi_scalar(2) - 1.0) * (4.0 * self.barrier);
        (self.energy(x), gradient)
    }
}

impl BlockEnergy for DoubleWell {
    #[inline(always)]
    fn block(&self, x: &[[f32; LANES]], gradient: &mut [[f32; LANES]]) -> [f32; LANES] {
        let barrier = self.barrier as f32;
        let mut energy = [0.0; LANES];
        for (x, gradient) in x.iter().zip(gradient) {
            for lane in 0..LANES {
                let above = x[lane] * x[lane] - 1.0;
                gradient[lane] = 4.0 * barrier * x[lane] * above;
                energy[lane] += barrier * above * above;
            }
        }
        energy
    }
}
