//! Ladders of temperatures: chains that exchange states along a ladder, and chains that cool down.

use burn::tensor::Tensor;
use ebm_energy::{Energy, Tempered, prepare};
use ebm_noise::Key;
use ebm_noise::streams::chain::{EXCHANGE, single};

use crate::chain::{ChainError, run};
use crate::kernel::{Kernel, State};
use crate::point::select;
use crate::statistics::Statistics;

/// A kernel of parallel tempering, or replica exchange: every chain has a replica at each
/// temperature. A kernel moves them all, then neighbours exchange states by a Metropolis rule, even
/// and odd pairs alternately (Geyer 1991; Hukushima and Nemoto 1996).
///
/// The position of a chain is that of its coldest replica. The acceptance that it reports is that
/// of the exchanges of the coldest replica, in the transitions in which it takes part.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ParallelTempering<K> {
    /// The kernel that moves the replicas at each temperature.
    pub kernel: K,
    /// The increasing temperatures, of which the first, usually 1, is that of the samples. The step
    /// size of `kernel` is the same at all of them.
    pub temperatures: Vec<f64>,
}

impl<K> ParallelTempering<K> {
    /// Creates a kernel with a replica at each of `temperatures`, which increase from that of the
    /// samples, usually 1.
    pub fn new(kernel: K, temperatures: impl Into<Vec<f64>>) -> Self {
        Self { kernel, temperatures: temperatures.into() }
    }
}

/// The replicas of each chain, from cold to hot.
#[derive(Clone, Debug)]
pub struct Replicas<const D: usize> {
    /// The positions, `[chains, …]` at each temperature.
    pub positions: Vec<Tensor<D>>,
    /// The number of transitions made.
    pub steps: u64,
}

impl<const D: usize> State<D> for Replicas<D> {
    /// Creates one replica.
    fn at<E: Energy<D>>(_: &E, position: Tensor<D>, _: Key) -> Self {
        Self { positions: vec![position], steps: 0 }
    }

    fn position(&self) -> &Tensor<D> {
        &self.positions[0]
    }
}

impl<const D: usize, K: Kernel<D>> Kernel<D> for ParallelTempering<K> {
    type State = Replicas<D>;

    fn start<E: Energy<D>>(&self, _: &E, position: Tensor<D>, _: Key) -> Replicas<D> {
        Replicas { positions: vec![position; self.temperatures.len().max(1)], steps: 0 }
    }

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        Replicas { mut positions, steps }: Replicas<D>,
        key: Key,
    ) -> (Replicas<D>, Statistics) {
        let mut first_energy = None;
        for (rung, (position, &temperature)) in
            positions.iter_mut().zip(&self.temperatures).enumerate()
        {
            let tempered = Tempered::new(energy, temperature);
            let key = key.fold(rung as u64);
            let state = self.kernel.start(&tempered, position.clone(), key.fold(single::START));
            let (state, statistics) = self.kernel.step(&tempered, state, key.fold(single::STEP));
            *position = state.position().clone();
            first_energy.get_or_insert(statistics.energy * temperature);
        }
        let energies: Vec<Tensor<1>> = positions.iter().map(|x| energy.energy(x.clone())).collect();
        let mut acceptance = None;
        for cold in ((steps % 2) as usize..self.temperatures.len().saturating_sub(1)).step_by(2) {
            let beta = [cold, cold + 1].map(|rung| 1.0 / self.temperatures[rung]);
            let gain = energies[cold].clone() - energies[cold + 1].clone();
            let probability = (gain * (beta[0] - beta[1])).clamp_max(0.0).exp();
            let uniform =
                key.fold(EXCHANGE - cold as u64).uniform(probability.dims(), &probability.device());
            let exchanged = probability.clone().greater(uniform);
            let pair = [positions[cold].clone(), positions[cold + 1].clone()];
            positions[cold] = select(&exchanged, pair[1].clone(), pair[0].clone());
            positions[cold + 1] = select(&exchanged, pair[0].clone(), pair[1].clone());
            if cold == 0 {
                acceptance = Some(probability);
            }
        }
        let energy = first_energy.unwrap_or_else(|| energies[0].clone());
        (
            Replicas { positions, steps: steps + 1 },
            Statistics { acceptance, ..Statistics::new(energy) },
        )
    }
}

/// Runs a kernel along falling temperatures, `steps` transitions at each of `temperatures` (Neal
/// 2001; for Langevin steps on score networks, Song and Ermon 2019). `kernel_at(T)` returns the
/// kernel, whose step size usually grows as √T. Returns the last positions.
///
/// Temperature `i` uses `key.fold(i)`. The energy is prepared once.
///
/// # Shapes
/// - `start`, output: `[chains, …]`
///
/// # Errors
/// The errors of [`run`].
pub fn anneal<const D: usize, K: Kernel<D>, E: Energy<D>>(
    kernel_at: impl Fn(f64) -> K,
    energy: &E,
    start: Tensor<D>,
    temperatures: &[f64],
    steps: usize,
    key: Key,
) -> Result<Tensor<D>, ChainError> {
    let energy = prepare(energy);
    temperatures.iter().enumerate().try_fold(start, |position, (i, &temperature)| {
        let tempered = Tempered::new(&energy, temperature);
        let key = key.fold(i as u64);
        run(&kernel_at(temperature), &tempered, position, steps, key, |_, _| {})
            .map(|chains| chains.state)
    })
}
