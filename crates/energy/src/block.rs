//! Energies of sixteen states at once, for fused loops on a CPU.

use crate::Gaussian;

/// The number of states in a block, one in each lane.
pub const LANES: usize = 16;

/// An energy written out for [`LANES`] states side by side: loops over lanes compile to vector
/// instructions, and a chain never leaves the first-level cache. Mark the method
/// `#[inline(always)]`, so that it is compiled for the widest vectors of the machine at the place
/// of the call.
pub trait BlockEnergy: Sync {
    /// Returns U of every state, and writes the gradients to `gradient`.
    ///
    /// # Shapes
    /// - `x`, `gradient`: `[dim][LANES]`
    /// - output: `[LANES]`
    fn block(&self, x: &[[f32; LANES]], gradient: &mut [[f32; LANES]]) -> [f32; LANES];
}

impl BlockEnergy for Gaussian {
    #[inline(always)]
    fn block(&self, x: &[[f32; LANES]], gradient: &mut [[f32; LANES]]) -> [f32; LANES] {
        let (mean, precision) = (self.mean as f32, (1.0 / (self.std * self.std)) as f32);
        let mut energy = [0.0; LANES];
        for (x, gradient) in x.iter().zip(gradient) {
            for lane in 0..LANES {
                let centred = x[lane] - mean;
                gradient[lane] = centred * precision;
                energy[lane] += 0.5 * centred * gradient[lane];
            }
        }
        energy
    }
}
