//! Langevin chains on analytic energies as one loop: gradient, noise and update of sixteen chains
//! in registers and in the first-level cache, from the first step to the last.

use burn::tensor::{Tensor, TensorData};
use ebm_energy::{BlockEnergy, LANES};
use ebm_noise::{Key, vectorised};
use rayon::prelude::*;

use crate::chain::{ChainError, is_sound};
use crate::langevin::Langevin;

impl Langevin {
    /// Runs chains as [`run`](crate::run) does with this kernel, with the same noise but many times
    /// faster, for energies written out for blocks of states. It uses all cores of the CPU. Returns
    /// the last states, on the device of `start`.
    ///
    /// # Shapes
    /// - `start`, output: `[chains, dim]`
    ///
    /// # Errors
    /// The errors of [`run`](crate::run).
    pub fn run_fused(
        &self,
        energy: &impl BlockEnergy,
        start: Tensor<2>,
        steps: usize,
        key: Key,
    ) -> Result<Tensor<2>, ChainError> {
        let ([chains, dim], device) = (start.dims(), start.device());
        if steps == 0 || chains == 0 || dim == 0 {
            return Err(ChainError::Nothing { chains, steps });
        }
        let keys: Vec<Key> = (0..steps).map(|step| key.fold(step as u64)).collect();
        let mut values: Vec<f32> = start.into_data().iter::<f32>().collect();
        let first_error = values
            .par_chunks_mut(LANES * dim)
            .enumerate()
            .filter_map(|(group, rows)| self.advance(energy, rows, dim, group * LANES, &keys))
            .min_by_key(|(step, _)| *step);
        if let Some((step, energy)) = first_error {
            let error = ChainError::Diverged { step, steps, chains: 1, total: chains, energy };
            return Err(error);
        }
        if values.iter().any(|x| !x.is_finite()) {
            return Err(ChainError::NotFinite { steps });
        }
        Ok(Tensor::from_data(TensorData::new(values, [chains, dim]), &device))
    }

    /// Moves the chains `rows`, `[≤ LANES, dim]`, of which the first has number `first`. Returns
    /// the first step at which one of them has diverged, with its energy.
    fn advance(
        &self,
        energy: &impl BlockEnergy,
        rows: &mut [f32],
        dim: usize,
        first: usize,
        keys: &[Key],
    ) -> Option<(usize, f64)> {
        let chains = rows.len() / dim;
        let (drift, size) = ((0.5 * self.step_size * self.step_size) as f32, self.step_size as f32);
        // Lanes without a chain repeat the last one.
        let mut x: Vec<[f32; LANES]> = (0..dim)
            .map(|d| std::array::from_fn(|lane| rows[lane.min(chains - 1) * dim + d]))
            .collect();
        let mut gradient = vec![[0.0; LANES]; dim];
        let mut diverged = None;
        vectorised(
            #[inline(always)]
            || {
                for (step, key) in keys.iter().enumerate() {
                    let energies = energy.block(&x, &mut gradient);
                    // Without a branch for each lane.
                    if !energies.iter().fold(true, |all, &energy| all & is_sound(energy)) {
                        let worst = energies.iter().find(|energy| !is_sound(**energy));
                        diverged = worst.map(|&energy| (step, f64::from(energy)));
                        break;
                    }
                    let pairs = x.chunks_mut(4).zip(gradient.chunks(4));
                    if !self.noise {
                        pairs.for_each(|(x, gradient)| {
                            for (x, gradient) in x.iter_mut().zip(gradient) {
                                for lane in 0..LANES {
                                    x[lane] -= drift * gradient[lane];
                                }
                            }
                        });
                        continue;
                    }
                    for (block, (x, gradient)) in pairs.enumerate() {
                        let noise = key.normal_lanes(first as u32, block as u32);
                        for ((x, gradient), noise) in x.iter_mut().zip(gradient).zip(&noise) {
                            for lane in 0..LANES {
                                x[lane] = x[lane] - drift * gradient[lane] + size * noise[lane];
                            }
                        }
                    }
                }
            },
        );
        for (chain, row) in rows.chunks_exact_mut(dim).enumerate() {
            row.iter_mut().zip(&x).for_each(|(value, x)| *value = x[chain]);
        }
        diverged
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tolerance};
    use ebm_energy::Gaussian;

    use super::*;
    use crate::run;

    const TARGET: Gaussian = Gaussian { mean: 0.7, std: 1.5 };

    /// The noise is the same, so chains are the same up to rounding, also where dimensions and
    /// chains do not fill blocks.
    #[test]
    fn equals_the_general_path() {
        for (shape, noise) in [([37, 7], true), ([16, 4], true), ([1, 1], true), ([20, 5], false)] {
            let start = Key::new(1).normal::<2>(shape, &Device::flex());
            let kernel = Langevin::new(0.4).with_noise(noise);
            let general = run(&kernel, &TARGET, start.clone(), 30, Key::new(2), |_, _| {});
            let general = general.expect("finite").state.into_data();
            let fused = kernel.run_fused(&TARGET, start, 30, Key::new(2)).expect("finite");
            fused.into_data().assert_approx_eq(&general, Tolerance::<f32>::rel_abs(1e-4, 1e-5));
        }
    }

    #[test]
    fn a_diverged_chain_is_named_with_its_step() {
        let unit = Gaussian { mean: 0.0, std: 1.0 };
        let start = Tensor::<2>::ones([3, 2], &Device::flex());
        let kernel = Langevin::new(4.0).with_noise(false);
        let error = kernel.run_fused(&unit, start, 20, Key::new(0)).expect_err("it diverges");
        assert!(
            matches!(error, ChainError::Diverged { step: 8, steps: 20, total: 3, .. }),
            "{error}"
        );
    }
}
