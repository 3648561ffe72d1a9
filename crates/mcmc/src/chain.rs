//! Runs a kernel over a batch of chains and watches that they stay finite.

use burn::tensor::Tensor;
use ebm_energy::{Energy, prepare};
use ebm_noise::Key;
use ebm_noise::streams::chain;

use crate::Kernel;
use crate::kernel::{State, host};

/// |U| beyond which a chain counts as run away. The released settings of variational MCMC teaching reach
/// 2·10⁷ in a healthy run; 10¹² is where single precision no longer resolves differences of that size.
pub const RUNAWAY_ENERGY: f64 = 1e12;

/// A batch of chains after some steps.
#[derive(Clone, Debug)]
pub struct Chains<const D: usize> {
    /// The last states, `[chains, …]`.
    pub state: Tensor<D>,
    /// U before each step, `[steps, chains]`.
    pub energies: Tensor<2>,
}

/// Why chains were stopped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// An energy became NaN, infinite, or larger than [`RUNAWAY_ENERGY`].
    #[error(
        "{chains} of {total} chains ran away: at step {step} of {steps} the energy is {energy:e} \
         (limit ±{RUNAWAY_ENERGY:e}); lower the step size or the learning rate of the energy"
    )]
    Runaway {
        /// The first step (from 0) whose starting state has such an energy.
        step: usize,
        /// Steps asked for.
        steps: usize,
        /// How many chains are affected at that step.
        chains: usize,
        /// All chains.
        total: usize,
        /// The first offending energy.
        energy: f64,
    },
    /// The states that the last step left are not finite, though all energies before were.
    #[error(
        "the last of {steps} steps left states that are not finite; lower the step size or the \
         learning rate of the energy"
    )]
    NotFinite {
        /// Steps made.
        steps: usize,
    },
    /// Draws that make no chains.
    #[error(transparent)]
    Draws(#[from] crate::diagnostics::DrawsError),
    /// Warm-up found no step size that is accepted.
    #[error(
        "at warm-up step {step} of {steps} the step size had fallen from {first:e} to {step_size:e} and \
         proposals were still refused; begin where the energy is finite, or with a smaller step"
    )]
    Stuck {
        /// The step.
        step: usize,
        /// Steps asked for.
        steps: usize,
        /// The step size that warm-up began with.
        first: f64,
        /// The step size then.
        step_size: f64,
    },
    /// No step or no chain was asked for.
    #[error("{chains} chains of {steps} steps were asked for; at least one of each is needed")]
    Nothing {
        /// Chains asked for.
        chains: usize,
        /// Steps asked for.
        steps: usize,
    },
}

impl ChainError {
    /// `Ok` if no chain has run away, by the energies of all of them at `step` of `steps`.
    pub(crate) fn check(energies: &[f64], step: usize, steps: usize) -> Result<(), Self> {
        let ran_away = |energy: &&f64| !is_sound(**energy as f32);
        let Some(&energy) = energies.iter().find(ran_away) else { return Ok(()) };
        let chains = energies.iter().filter(ran_away).count();
        Err(Self::Runaway { step, steps, chains, total: energies.len(), energy })
    }
}

/// Whether an energy is finite and has not run away.
#[inline(always)]
pub(crate) fn is_sound(energy: f32) -> bool {
    energy.abs() <= RUNAWAY_ENERGY as f32
}

/// Makes `steps` transitions from `start`, one or more chains; step `τ` uses `key.fold(τ)`. `observe` sees each state, the start
/// included, as `(step, state)`.
///
/// Energies are read from the device once, at the end: on a GPU the chain runs without waiting. They are
/// those that steps start from; of the last states it is checked that they are finite.
///
/// # Shapes
/// - `start`: `[chains, …]`
///
/// # Errors
/// [`ChainError`], if an energy or a state is not finite or an energy has run away.
pub fn run<const D: usize, K: Kernel<D>, E: Energy<D>>(
    kernel: &K,
    energy: &E,
    start: Tensor<D>,
    steps: usize,
    key: Key,
    mut observe: impl FnMut(usize, &Tensor<D>),
) -> Result<Chains<D>, ChainError> {
    if steps == 0 || start.dims()[0] == 0 {
        return Err(ChainError::Nothing { chains: start.dims()[0], steps });
    }
    let energy = prepare(energy);
    observe(0, &start);
    let mut state = kernel.start(&energy, start, key.fold(chain::START));
    let mut energies = Vec::with_capacity(steps);
    for step in 0..steps {
        let statistics;
        (state, statistics) = kernel.step(&energy, state, key.fold(step as u64));
        energies.push(statistics.energy);
        observe(step + 1, state.position());
    }
    let chains = Chains { state: state.position().clone(), energies: Tensor::stack(energies, 0) };
    check(&chains)?;
    Ok(chains)
}

fn check<const D: usize>(chains: &Chains<D>) -> Result<(), ChainError> {
    let [steps, total] = chains.energies.dims();
    for (step, row) in host(chains.energies.clone()).chunks(total.max(1)).enumerate() {
        ChainError::check(row, step, steps)?;
    }
    // A sum is NaN or infinite if a term is, whatever a backend's maximum makes of NaN.
    let sum: f32 = chains.state.clone().abs().sum().into_scalar();
    if sum.is_finite() { Ok(()) } else { Err(ChainError::NotFinite { steps }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Langevin;
    use burn::tensor::Device;
    use ebm_energy::Gaussian;

    fn chain(step_size: f64, steps: usize) -> Result<Chains<2>, ChainError> {
        let target = Gaussian { mean: 0.0, std: 1.0 };
        let start = Tensor::ones([3, 2], &Device::flex());
        run(
            &Langevin::new(step_size).with_noise(false),
            &target,
            start,
            steps,
            Key::new(0),
            |_, _| {},
        )
    }

    /// With δ = 4 each step multiplies the state by −7: U = 7^(2τ) passes 10¹² at step 8.
    #[test]
    fn a_runaway_chain_is_named_with_its_step() {
        let error = chain(4.0, 20).expect_err("it diverges");
        assert!(
            matches!(error, ChainError::Runaway { step: 8, steps: 20, chains: 3, total: 3, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_last_step_to_infinity_is_found() {
        assert_eq!(chain(1e20, 1).expect_err("it overflows"), ChainError::NotFinite { steps: 1 });
    }

    #[test]
    fn a_rerun_repeats_the_noise_and_another_key_does_not() {
        let target = Gaussian { mean: 0.0, std: 1.0 };
        let kernel = Langevin::new(0.5);
        let once = |seed| {
            let start = Tensor::<2>::zeros([4, 3], &Device::flex());
            let chains =
                run(&kernel, &target, start, 5, Key::new(seed), |_, _| {}).expect("finite");
            chains.state.into_data()
        };
        assert_eq!(once(1), once(1));
        assert_ne!(once(1), once(2));
    }
}
