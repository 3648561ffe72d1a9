//! Chains as an iterator, and draws of them.

mod record;

use burn::tensor::Tensor;
use ebm_energy::{Energy, Frozen, prepare};
use ebm_noise::Key;
use ebm_noise::streams::chain;
use ebm_tensor::values_f64;

use self::record::Record;
use crate::chain::ChainError;
use crate::diagnostics::Draws;
use crate::kernel::{Kernel, State};
use crate::samples::Samples;
use crate::statistics::Statistics;

/// A batch of chains. As an iterator it moves them once at a time, without end, and yields the
/// positions with the statistics of the transition.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_energy::Gaussian;
/// use ebm_mcmc::{Key, Mala, Sampler};
///
/// let target = Gaussian { mean: 1.0, std: 0.5 };
/// let start = Tensor::<2>::zeros([4, 2], &Device::flex());
/// let samples =
///     Sampler::new(Mala::new(0.6), &target, start, Key::new(0)).burn_in(100).sample(500)?;
/// assert_eq!(samples.draws.shape(), [4, 500, 2]);
/// println!("{}", samples.summary());
/// # Ok::<(), ebm_mcmc::ChainError>(())
/// ```
pub struct Sampler<'e, const D: usize, K: Kernel<D>> {
    kernel: K,
    energy: Frozen<'e, D>,
    /// `None` only while a transition is made.
    state: Option<K::State>,
    key: Key,
    step: u64,
    thin: usize,
}

impl<'e, const D: usize, K: Kernel<D>> Sampler<'e, D, K> {
    /// Creates chains that begin at `start`. Transition `τ` uses `key.fold(τ)`. The energy is
    /// prepared once, if it is not prepared already.
    ///
    /// # Shapes
    /// - `start`: `[chains, …]`
    pub fn new<E: Energy<D>>(kernel: K, energy: &'e E, start: Tensor<D>, key: Key) -> Self {
        let energy = prepare(energy);
        let state = Some(kernel.start(&energy, start, key.fold(chain::START)));
        Self { kernel, energy, state, key, step: 0, thin: 1 }
    }

    /// Makes `steps` transitions and discards them.
    pub fn burn_in(mut self, steps: usize) -> Self {
        self.by_ref().take(steps).for_each(drop);
        self
    }

    /// Keeps one of every `every` transitions as a draw; 0 counts as 1.
    pub fn thin(mut self, every: usize) -> Self {
        self.thin = every.max(1);
        self
    }

    /// Returns the kernel.
    pub fn kernel(&self) -> &K {
        &self.kernel
    }

    /// Returns the next `draws` draws of every chain.
    ///
    /// # Errors
    /// [`ChainError::Nothing`] without draws or chains; [`ChainError::Diverged`] if an energy is
    /// not finite or beyond [`MAX_ENERGY`](crate::MAX_ENERGY); [`ChainError::NotFinite`] if a draw
    /// is not finite. Steps count from the first transition of the chains.
    pub fn sample(&mut self, draws: usize) -> Result<Samples, ChainError> {
        let shape = self.state.as_ref().map_or([0; D], |state| state.position().dims());
        let chains = shape[0];
        if draws == 0 || chains == 0 {
            return Err(ChainError::Nothing { chains, steps: draws });
        }
        let dim: usize = shape[1..].iter().product();
        let mut values = vec![0.0; chains * draws * dim];
        let mut record = Record::new(chains, draws);
        for draw in 0..draws {
            for last in (0..self.thin).rev() {
                let Some((position, statistics)) = self.next() else { continue };
                record.transition(draw, &statistics);
                if last > 0 {
                    continue;
                }
                let energy = values_f64(statistics.energy);
                ChainError::check(&energy, self.step as usize, self.step as usize)?;
                let position = values_f64(position);
                if position.iter().any(|x| !x.is_finite()) {
                    return Err(ChainError::NotFinite { steps: self.step as usize });
                }
                for (chain, row) in position.chunks(dim.max(1)).enumerate() {
                    values[(chain * draws + draw) * dim..][..dim].copy_from_slice(row);
                }
                record.draw(draw, &energy, self.state.as_ref().and_then(State::energy));
            }
        }
        let mut shape: Vec<usize> = shape.to_vec();
        shape.insert(1, draws);
        record.finish(Draws::new(values, &shape)?)
    }
}

impl<const D: usize, K: Kernel<D>> Iterator for Sampler<'_, D, K> {
    type Item = (Tensor<D>, Statistics);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.key.fold(self.step);
        let (state, statistics) = self.kernel.step(&self.energy, self.state.take()?, key);
        self.step += 1;
        let position = state.position().clone();
        self.state = Some(state);
        Some((position, statistics))
    }
}

impl<const D: usize, K: Kernel<D> + std::fmt::Debug> std::fmt::Debug for Sampler<'_, D, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sampler")
            .field("kernel", &self.kernel)
            .field("step", &self.step)
            .field("thin", &self.thin)
            .finish_non_exhaustive()
    }
}
