//! Runs a kernel over a batch of chains and checks that they stay finite.

use burn::tensor::Tensor;
use ebm_energy::{Energy, prepare};
use ebm_noise::Key;
use ebm_noise::streams::chain;
use ebm_tensor::values_f64;

use crate::diagnostics::DrawsError;
use crate::kernel::{Kernel, State};

/// The limit of |U| beyond which a chain counts as diverged. The released settings of variational
/// MCMC teaching reach 2·10⁷ in a healthy run; at 10¹² single precision no longer resolves
/// differences that matter.
pub const MAX_ENERGY: f64 = 1e12;

/// A batch of chains after some transitions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chains<const D: usize> {
    /// The last states, `[chains, …]`.
    pub state: Tensor<D>,
    /// The energies U before each transition, `[steps, chains]`.
    pub energies: Tensor<2>,
}

/// A reason for which chains were stopped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// An energy became NaN, infinite, or larger than [`MAX_ENERGY`].
    #[error(
        "{chains} of {total} chains diverged: at step {step} of {steps} the energy is {energy:e} \
         (limit ±{MAX_ENERGY:e}); lower the step size or the learning rate of the energy"
    )]
    Diverged {
        /// The first step (from 0) whose starting state has such an energy.
        step: usize,
        /// The number of steps requested.
        steps: usize,
        /// The number of chains affected at that step.
        chains: usize,
        /// The number of all chains.
        total: usize,
        /// The first offending energy.
        energy: f64,
    },
    /// The states after the last step are not finite, though all energies before were.
    #[error(
        "the states after the last of {steps} steps are not finite; lower the step size or the \
         learning rate of the energy"
    )]
    NotFinite {
        /// The number of steps made.
        steps: usize,
    },
    /// The draws do not form chains.
    #[error(transparent)]
    Draws(#[from] DrawsError),
    /// The warm-up found no step size at which proposals are accepted.
    #[error(
        "at warm-up step {step} of {steps} the step size had fallen from {first:e} to \
         {step_size:e} and proposals were still rejected; start where the energy is finite, or \
         with a smaller step size"
    )]
    Stuck {
        /// The step of the warm-up.
        step: usize,
        /// The number of steps requested.
        steps: usize,
        /// The step size that warm-up started with.
        first: f64,
        /// The step size at that step.
        step_size: f64,
    },
    /// No steps or no chains were requested.
    #[error("{chains} chains of {steps} steps were requested; at least one of each is needed")]
    Nothing {
        /// The number of chains requested.
        chains: usize,
        /// The number of steps requested.
        steps: usize,
    },
}

impl ChainError {
    /// Returns an error if a chain has diverged, by the energies of all chains at `step` of
    /// `steps`.
    pub(crate) fn check(energies: &[f64], step: usize, steps: usize) -> Result<(), Self> {
        let diverged = |energy: &&f64| !is_sound(**energy as f32);
        let Some(&energy) = energies.iter().find(diverged) else { return Ok(()) };
        let chains = energies.iter().filter(diverged).count();
        Err(Self::Diverged { step, steps, chains, total: energies.len(), energy })
    }
}

/// Returns whether an energy is finite and of a size that a healthy chain has.
#[inline(always)]
pub(crate) fn is_sound(energy: f32) -> bool {
    energy.abs() <= MAX_ENERGY as f32
}

/// Makes `steps` transitions of one or more chains from `start`; transition `τ` uses `key.fold(τ)`.
/// `observe` sees each state, the start included, as `(step, state)`.
///
/// The energy is [prepared](prepare) once. An energy that is prepared already is used as it is, so
/// a caller that evaluates it elsewhere too can prepare it and lend it to the chain:
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_energy::{Energy, Gaussian, prepare};
/// use ebm_mcmc::{Key, Langevin, run};
///
/// let model = Gaussian { mean: 0.0, std: 1.0 };
/// let frozen = prepare(&model);
/// let start = Tensor::<2>::zeros([8, 3], &Device::flex());
/// let chains = run(&Langevin::new(0.1), &frozen, start, 20, Key::new(0), |_, _| {})?;
/// let last_energies = frozen.energy(chains.state);
/// # assert_eq!(last_energies.dims(), [8]);
/// # Ok::<(), ebm_mcmc::ChainError>(())
/// ```
///
/// Energies are read from the device once, at the end, so that on a GPU the chain runs without
/// waiting. They are those from which transitions start; the last states are checked to be finite.
///
/// # Shapes
/// - `start`: `[chains, …]`
///
/// # Errors
/// [`ChainError`] if an energy or a state is not finite, or an energy is beyond [`MAX_ENERGY`].
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
    for (step, row) in values_f64(chains.energies.clone()).chunks(total.max(1)).enumerate() {
        ChainError::check(row, step, steps)?;
    }
    // A sum is NaN or infinite if a term is, however a backend's maximum treats NaN.
    let sum: f32 = chains.state.clone().abs().sum().into_scalar();
    if sum.is_finite() { Ok(()) } else { Err(ChainError::NotFinite { steps }) }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use burn::tensor::Device;
    use ebm_energy::{Frozen, Gaussian};

    use super::*;
    use crate::Langevin;

    fn chain(step_size: f64, steps: usize) -> Result<Chains<2>, ChainError> {
        let target = Gaussian { mean: 0.0, std: 1.0 };
        let start = Tensor::ones([3, 2], &Device::flex());
        let kernel = Langevin::new(step_size).with_noise(false);
        run(&kernel, &target, start, steps, Key::new(0), |_, _| {})
    }

    /// With δ = 4 each step multiplies the state by −7: U = 7^(2τ) passes 10¹² at step 8.
    #[test]
    fn a_diverged_chain_is_named_with_its_step() {
        let error = chain(4.0, 20).expect_err("it diverges");
        assert!(
            matches!(error, ChainError::Diverged { step: 8, steps: 20, chains: 3, total: 3, .. }),
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

    /// An energy that counts how often it is prepared, and that only its prepared form evaluates.
    struct Counting(Cell<usize>);

    impl Energy<2> for Counting {
        fn energy(&self, _: Tensor<2>) -> Tensor<1> {
            panic!("not the prepared form")
        }

        fn freeze(&self) -> Option<Frozen<'_, 2>> {
            self.0.set(self.0.get() + 1);
            Some(Box::new(Gaussian { mean: 0.0, std: 1.0 }))
        }
    }

    #[test]
    fn a_prepared_energy_is_not_prepared_again() {
        let energy = Counting(Cell::new(0));
        let chain = |energy: &dyn Energy<2>| {
            let start = Tensor::ones([3, 2], &Device::flex());
            let chains = run(&Langevin::new(0.5), &energy, start, 5, Key::new(0), |_, _| {});
            chains.expect("finite").state.into_data()
        };
        let prepared = prepare(&energy);
        let lent = chain(&prepared);
        chain(&prepared);
        assert_eq!(energy.0.get(), 1, "prepared by the caller alone");
        assert_eq!(chain(&energy), lent);
        assert_eq!(energy.0.get(), 2);
    }
}
