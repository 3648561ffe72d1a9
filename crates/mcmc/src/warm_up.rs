//! Warm-up: the step size at which a Metropolis kernel accepts a given share of its proposals, by
//! dual averaging (Nesterov 2009; Hoffman and Gelman, "The No-U-Turn Sampler", JMLR 2014, section
//! 3.2), and the diagonal mass that suits the target, from the variances of the draws so far, in
//! windows that double, as in Stan.

use burn::tensor::Tensor;
use ebm_energy::{Energy, prepare};
use ebm_noise::Key;
use ebm_noise::streams::chain;
use ebm_tensor::values_f64;

use crate::chain::ChainError;
use crate::hmc::Hmc;
use crate::kernel::{Kernel, State};
use crate::mala::Mala;
use crate::nuts::Nuts;

/// A kernel that warm-up can tune.
pub trait Tunable: Sized {
    /// A flag of kernels on which [`with_variances`](Self::with_variances) has an effect.
    const HAS_MASS: bool = false;

    /// Returns the step size δ.
    fn step_size(&self) -> f64;

    /// Returns the kernel with another step size δ.
    fn with_step_size(self, step_size: f64) -> Self;

    /// Returns the kernel with the mass that suits a target with these variances, one for each
    /// coordinate; by default the unchanged kernel.
    fn with_variances(self, _: &[f64]) -> Self {
        self
    }
}

impl Tunable for Mala {
    fn step_size(&self) -> f64 {
        self.step_size
    }

    fn with_step_size(self, step_size: f64) -> Self {
        Self { step_size }
    }
}

impl Tunable for Hmc {
    const HAS_MASS: bool = true;

    fn step_size(&self) -> f64 {
        self.step_size
    }

    fn with_step_size(self, step_size: f64) -> Self {
        Self { step_size, ..self }
    }

    fn with_variances(self, variances: &[f64]) -> Self {
        Self { inverse_mass: variances.to_vec(), ..self }
    }
}

impl Tunable for Nuts {
    const HAS_MASS: bool = true;

    fn step_size(&self) -> f64 {
        self.step_size
    }

    fn with_step_size(self, step_size: f64) -> Self {
        Self { step_size, ..self }
    }

    fn with_variances(self, variances: &[f64]) -> Self {
        Self { inverse_mass: variances.to_vec(), ..self }
    }
}

/// A warm-up: transitions whose draws are discarded while the kernel adapts, one kernel for all
/// chains.
///
/// ```
/// use burn::tensor::Device;
/// use ebm_energy::Gaussian;
/// use ebm_mcmc::{Key, Nuts, Sampler, WarmUp};
///
/// let target = Gaussian { mean: 0.0, std: 100.0 };
/// let start = Key::new(0).normal::<2>([4, 2], &Device::flex());
/// let (nuts, state) = WarmUp::new(300).run(Nuts::new(0.1), &target, start, Key::new(1))?;
/// assert!(nuts.inverse_mass[0] > 1000.0, "the mass suits the target");
/// let samples = Sampler::new(nuts, &target, state.position, Key::new(2)).sample(100)?;
/// # Ok::<(), ebm_mcmc::ChainError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct WarmUp {
    /// The number of transitions.
    pub steps: usize,
    /// The mean acceptance to reach: 0.574 is optimal for MALA in many dimensions (Roberts and
    /// Rosenthal 1998), 0.65 for HMC (Beskos et al. 2013); 0.8 is usual for NUTS, and more for
    /// difficult targets.
    pub acceptance: f64,
}

/// The constants of dual averaging that Hoffman and Gelman recommend.
const GAMMA: f64 = 0.05;
const DELAY: f64 = 10.0;
const DECAY: f64 = 0.75;

/// A search for a step size.
struct DualAveraging {
    target: f64,
    error: f64,
    averaged: f64,
    tries: f64,
}

impl DualAveraging {
    fn new(step_size: f64) -> Self {
        // Log step sizes are drawn towards ten times the first, because large ones cost less to
        // try.
        let target = (10.0 * step_size).ln();
        Self { target, error: 0.0, averaged: step_size.ln(), tries: 0.0 }
    }

    /// Returns the next step size to try.
    fn next(&mut self, shortfall: f64) -> f64 {
        self.tries += 1.0;
        let share = 1.0 / (self.tries + DELAY);
        self.error = (1.0 - share) * self.error + share * shortfall;
        let log_step = self.target - self.tries.sqrt() / GAMMA * self.error;
        let weight = self.tries.powf(-DECAY);
        self.averaged = weight * log_step + (1.0 - weight) * self.averaged;
        log_step.exp()
    }
}

/// Sums from which the variance of each coordinate over chains and draws is computed.
#[derive(Default)]
struct Moments {
    count: f64,
    sums: Vec<[f64; 2]>,
}

impl Moments {
    fn add<const D: usize>(&mut self, position: &Tensor<D>) {
        let chains = position.dims()[0];
        let values = values_f64(position.clone());
        let dim = values.len() / chains;
        self.sums.resize(dim, [0.0; 2]);
        for (index, x) in values.into_iter().enumerate() {
            let [sum, squares] = &mut self.sums[index % dim];
            *sum += x;
            *squares += x * x;
        }
        self.count += chains as f64;
    }

    /// Returns the variances, shrunk towards small values by 5 draws' worth of 10⁻³, as in Stan.
    fn variances(&self) -> Vec<f64> {
        let n = self.count;
        self.sums
            .iter()
            .map(|[sum, squares]| {
                let variance = (squares / n - (sum / n).powi(2)).max(0.0);
                (n * variance + 5.0 * 1e-3) / (n + 5.0)
            })
            .collect()
    }
}

impl WarmUp {
    /// Creates a warm-up of `steps` transitions that aims at a mean acceptance of 0.8.
    pub fn new(steps: usize) -> Self {
        Self { steps, acceptance: 0.8 }
    }

    /// Returns the warm-up with another mean acceptance to reach.
    pub fn with_acceptance(self, acceptance: f64) -> Self {
        Self { acceptance, ..self }
    }

    /// Runs the chains from `start`, `[chains, …]`; returns the tuned kernel and the last state.
    ///
    /// # Errors
    /// [`ChainError::Nothing`] without chains or steps; [`ChainError::Stuck`] if the step size fell
    /// below a millionth of the first, as it does where the energy is not finite.
    pub fn run<const D: usize, K: Kernel<D> + Tunable, E: Energy<D>>(
        self,
        mut kernel: K,
        energy: &E,
        start: Tensor<D>,
        key: Key,
    ) -> Result<(K, K::State), ChainError> {
        let chains = start.dims()[0];
        if chains == 0 || self.steps == 0 {
            return Err(ChainError::Nothing { chains, steps: self.steps });
        }
        let energy = prepare(energy);
        let first = kernel.step_size();
        let mut search = DualAveraging::new(first);
        // The mass is learned in windows that double, between the first seventh and the last tenth.
        let (mut window_end, mut window) = (self.steps / 7 + self.steps / 20, self.steps / 20);
        let mut moments = Moments::default();
        let mut state = kernel.start(&energy, start, key.fold(chain::START));
        for step in 1..=self.steps {
            let statistics;
            (state, statistics) = kernel.step(&energy, state, key.fold(step as u64));
            let acceptance = statistics
                .acceptance
                .map_or(self.acceptance, |each| f64::from(each.mean().into_scalar::<f32>()));
            let step_size = search.next(self.acceptance - acceptance);
            if step_size < 1e-6 * first {
                return Err(ChainError::Stuck { step, steps: self.steps, first, step_size });
            }
            kernel = kernel.with_step_size(step_size);
            if K::HAS_MASS && step > self.steps / 7 && step <= self.steps - self.steps / 10 {
                moments.add(state.position());
                if step >= window_end {
                    kernel = kernel.with_variances(&moments.variances());
                    search = DualAveraging::new(search.averaged.exp());
                    moments = Moments::default();
                    window *= 2;
                    // A last window that would be cut short is merged into this one.
                    let rest = self.steps - self.steps / 10;
                    window_end = if step + 2 * window > rest { rest } else { step + window };
                }
            }
        }
        Ok((kernel.with_step_size(search.averaged.exp()), state))
    }
}
