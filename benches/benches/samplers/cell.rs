//! One cell: a kernel on a target with a number of chains.
//!
//! Chains start from exact draws, so that errors are those of the kernel, and the bench measures
//! how it explores the distribution, not how it finds it. A burn-in lets biased kernels reach their
//! own distribution. Every kernel makes the same number of evaluations of the energy.

use std::cell::Cell;
use std::time::Instant;

use burn::tensor::{Device, FloatDType, Tensor};
use ebm::device::DeviceName;
use ebm::energy::Energy;
use ebm::mcmc::diagnostics::{Draws, MIN_DRAWS};
use ebm::mcmc::{ChainError, Kernel, Key, Sampler, Tunable, WarmUp};
use ebm::targets::Target;

use crate::measured::Measured;
use crate::quality::Quality;
use crate::row::{CellName, Row};
use crate::targets::Case;

/// The settings that all cells of a backend share.
pub(crate) struct Plan {
    pub(crate) name: DeviceName,
    device: Device,
    filter: String,
    key: Key,
    sizes: Vec<Size>,
    /// The number of transitions of a warm-up.
    warm_up: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) chains: usize,
    /// The number of evaluations of the energy, with or without its gradient, that each chain makes
    /// while time is taken.
    evaluations: usize,
}

/// Streams of a run's key.
mod stream {
    pub(super) const START: u64 = 0;
    pub(super) const WARM_UP: u64 = 1;
    pub(super) const CHAINS: u64 = 2;
    /// The first of the streams of a fused run, one for each draw.
    pub(super) const FUSED: u64 = 3;
}

/// The share of the timed evaluations that is made before them.
const BURN_IN: f64 = 0.25;
/// The number of transitions from which the number of evaluations of one transition is estimated.
const PILOT: usize = 10;
/// The fewest draws of a cell.
const MIN_TIMED_DRAWS: usize = 20;
/// The number of chains that a kernel is tuned with, once for all sizes.
const TUNING_CHAINS: usize = 32;
/// The number of steps of a fused chain between draws.
const STRIDE: usize = 5;

impl Plan {
    pub(crate) fn new(
        name: DeviceName,
        device: Device,
        filter: &str,
        seed: u64,
        quick: bool,
    ) -> Self {
        let size = |chains, evaluations| Size { chains, evaluations };
        let sizes = if quick {
            vec![size(4, 50)]
        } else {
            vec![size(4, 20_000), size(64, 5000), size(1024, 2000)]
        };
        let warm_up = if quick { 30 } else { 200 };
        Self { name, device, filter: filter.to_owned(), key: Key::new(seed), sizes, warm_up }
    }
}

/// The rows of a target.
pub(crate) struct Bench<'b> {
    pub(crate) plan: &'b Plan,
    pub(crate) case: &'b Case,
    pub(crate) rows: Vec<Row>,
}

impl Bench<'_> {
    /// Measures the kernel that `build` returns with its step size, if the filter selects it, at
    /// every number of chains.
    pub(crate) fn run<K: Kernel<2> + Clone>(
        &mut self,
        name: &'static str,
        build: impl FnOnce(&Self) -> Result<(K, f64), ChainError>,
    ) {
        if !self.selected(name) {
            return;
        }
        let built = build(self);
        for &size in &self.plan.sizes {
            let measured = built.clone().and_then(|(kernel, _)| self.measure(kernel, size));
            let step_size = built.as_ref().map_or(f64::NAN, |(_, step_size)| *step_size);
            self.add_row(name, step_size, size, measured);
        }
    }

    /// Measures whole chains that run in one loop, as [`run`](Self::run) does kernels.
    pub(crate) fn run_fused(
        &mut self,
        name: &'static str,
        step_size: f64,
        run: impl Fn(Tensor<2>, usize, Key) -> Result<Tensor<2>, ChainError>,
    ) {
        if !self.selected(name) {
            return;
        }
        for &size in &self.plan.sizes {
            let measured = self.measure_fused(&run, size);
            self.add_row(name, step_size, size, measured);
        }
    }

    fn selected(&self, name: &str) -> bool {
        let cell = format!("{}/{name}", self.case.name);
        let selected = cell.contains(&self.plan.filter);
        if selected {
            eprintln!("samplers: {}, {cell}", self.plan.name);
        }
        selected
    }

    fn add_row(
        &mut self,
        kernel: &'static str,
        step_size: f64,
        size: Size,
        measured: Result<Measured, ChainError>,
    ) {
        let target = &*self.case.target;
        let name = CellName {
            device: self.plan.name.to_string(),
            target: self.case.name,
            dim: target.dim(),
            kernel,
            chains: size.chains,
        };
        let judged = measured.map(|measured| {
            let quality = Quality::new(&measured.draws, target);
            (measured, quality)
        });
        self.rows.push(Row::new(name, step_size, judged));
    }

    /// Tunes the step size of a kernel, and its mass if it has one, to an acceptance; returns it
    /// with its step size.
    pub(crate) fn tuned<K: Kernel<2> + Tunable>(
        &self,
        kernel: K,
        acceptance: f64,
    ) -> Result<(K, f64), ChainError> {
        let warm_up = WarmUp::new(self.plan.warm_up).with_acceptance(acceptance);
        let (start, key) = (self.start(TUNING_CHAINS), self.plan.key.fold(stream::WARM_UP));
        let (kernel, _) = warm_up.run(kernel, &self.case.target, start, key)?;
        let step_size = kernel.step_size();
        Ok((kernel, step_size))
    }

    /// Returns exact draws; where there is no sampler the mean, or a corner for binary states.
    fn start(&self, chains: usize) -> Tensor<2> {
        let (target, device) = (&self.case.target, &self.plan.device);
        let exact = target.sample(chains, self.plan.key.fold(stream::START), device);
        let fallback = || match (target.mean(), self.case.binary()) {
            (Some(mean), false) => {
                let row = Tensor::<1>::from_data(mean.as_slice(), device).unsqueeze_dim::<2>(0);
                row.repeat_dim(0, chains)
            }
            _ => Tensor::ones([chains, target.dim()], device),
        };
        exact.unwrap_or_else(fallback).cast(FloatDType::F32)
    }

    fn measure<K: Kernel<2>>(&self, kernel: K, size: Size) -> Result<Measured, ChainError> {
        let counting = Counting::new(&*self.case.target);
        let (start, key) = (self.start(size.chains), self.plan.key.fold(stream::CHAINS));
        let sampler = Sampler::new(kernel, &counting, start, key);
        counting.take();
        let sampler = sampler.burn_in(PILOT);
        let transitions = |counts: [u64; 2], made: usize, evaluations: f64| {
            let each = (counts[0] + counts[1]) as f64 / (made * size.chains) as f64;
            (evaluations / each).ceil() as usize
        };
        let burn_in = transitions(counting.take(), PILOT, BURN_IN * size.evaluations as f64);
        let mut sampler = sampler.burn_in(burn_in);
        let draws = transitions(counting.take(), burn_in, size.evaluations as f64);
        let draws = draws.max(MIN_TIMED_DRAWS);
        // Reading draws waits until a device has done everything that was enqueued before.
        sampler.sample(MIN_DRAWS)?;
        counting.take();
        let clock = Instant::now();
        let samples = sampler.sample(draws)?;
        let seconds = clock.elapsed().as_secs_f64();
        Ok(Measured::new(samples, seconds, counting.take()))
    }

    fn measure_fused(
        &self,
        run: &impl Fn(Tensor<2>, usize, Key) -> Result<Tensor<2>, ChainError>,
        size: Size,
    ) -> Result<Measured, ChainError> {
        let burn_in = (BURN_IN * size.evaluations as f64).ceil() as usize;
        let key = self.plan.key;
        let mut position = run(self.start(size.chains), burn_in, key.fold(stream::CHAINS))?;
        let draws = (size.evaluations / STRIDE).max(MIN_TIMED_DRAWS);
        let shape = [draws, size.chains, self.case.target.dim()];
        let mut values = Vec::with_capacity(shape.iter().product());
        let clock = Instant::now();
        for draw in 0..draws {
            position = run(position, STRIDE, key.fold(stream::FUSED + draw as u64))?;
            values.extend(position.clone().into_data().iter::<f64>());
        }
        let seconds = clock.elapsed().as_secs_f64();
        let draws_of_all = Draws::from_steps(&values, &shape)?;
        Ok(Measured::fused(draws_of_all, draws * STRIDE * size.chains, seconds))
    }
}

/// A target that counts the states at which it is evaluated.
struct Counting<'t> {
    target: &'t dyn Target,
    gradients: Cell<u64>,
    values: Cell<u64>,
}

impl<'t> Counting<'t> {
    fn new(target: &'t dyn Target) -> Self {
        Self { target, gradients: Cell::new(0), values: Cell::new(0) }
    }

    /// Evaluations with and without the gradient since the last call.
    fn take(&self) -> [u64; 2] {
        [self.gradients.take(), self.values.take()]
    }
}

impl Energy<2> for Counting<'_> {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        self.values.set(self.values.get() + x.dims()[0] as u64);
        self.target.energy(x)
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        self.gradients.set(self.gradients.get() + x.dims()[0] as u64);
        self.target.energy_and_gradient(x)
    }
}
