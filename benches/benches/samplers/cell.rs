//! One cell: a kernel on a target with a number of chains. They begin in exact draws, so that errors are the kernel's,
//! and what is measured is how it explores the law, not how it finds it; a burn-in lets biased kernels come to their own.
//! Every kernel gets the same number of evaluations of the energy.

use std::cell::Cell;
use std::time::Instant;

use burn::tensor::{Device, FloatDType, Tensor};
use ebm::device::DeviceName;
use ebm::energy::Energy;
use ebm::mcmc::diagnostics::{Draws, MIN_DRAWS};
use ebm::mcmc::{ChainError, Kernel, Key, Sampler, Tunable, WarmUp};
use ebm::targets::Target;

use crate::row::Row;
use crate::targets::Case;

/// What is common to all cells of a backend.
pub(crate) struct Plan {
    pub(crate) name: DeviceName,
    device: Device,
    filter: String,
    key: Key,
    sizes: Vec<Size>,
    /// Transitions of a warm-up.
    warm_up: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) chains: usize,
    /// Evaluations of the energy, with or without its gradient, by each chain while time is taken.
    evaluations: usize,
}

/// Of the evaluations that are timed, as many again are made before.
const BURN_IN: f64 = 0.25;
/// Transitions that tell how many evaluations one takes.
const PILOT: usize = 10;
/// Diagnostics need a few.
const LEAST_DRAWS: usize = 20;
/// Chains that a kernel is tuned with, once for all sizes.
const TUNING_CHAINS: usize = 32;
/// Steps of a fused chain between draws.
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

/// What a cell measured.
pub(crate) struct Measured {
    pub(crate) draws: Draws,
    pub(crate) transitions: usize,
    pub(crate) seconds: f64,
    /// Of a transition of one chain.
    pub(crate) gradients: f64,
    /// Of a transition of one chain: evaluations without the gradient.
    pub(crate) values: f64,
    /// NaN for kernels that accept everything.
    pub(crate) acceptance: f64,
}

/// The rows of a target.
pub(crate) struct Bench<'b> {
    pub(crate) plan: &'b Plan,
    pub(crate) case: &'b Case,
    pub(crate) rows: Vec<Row>,
}

impl Bench<'_> {
    /// Measures the kernel that `build` gives with its step size, if it is asked for, at every number of chains.
    pub(crate) fn run<K: Kernel<2> + Clone>(
        &mut self,
        name: &'static str,
        build: impl FnOnce(&Self) -> Result<(K, f64), ChainError>,
    ) {
        if !self.chosen(name) {
            return;
        }
        let built = build(self);
        for &size in &self.plan.sizes {
            let measured = built.clone().and_then(|(kernel, _)| self.measure(kernel, size));
            let step_size = built.as_ref().map_or(f64::NAN, |(_, step_size)| *step_size);
            self.rows.push(Row::new(self, name, step_size, size.chains, measured));
        }
    }

    /// The same for chains that run in one loop.
    pub(crate) fn run_fused(
        &mut self,
        name: &'static str,
        step_size: f64,
        run: impl Fn(Tensor<2>, usize, Key) -> Result<Tensor<2>, ChainError>,
    ) {
        if !self.chosen(name) {
            return;
        }
        for &size in &self.plan.sizes {
            let measured = self.measure_fused(&run, size);
            self.rows.push(Row::new(self, name, step_size, size.chains, measured));
        }
    }

    fn chosen(&self, name: &str) -> bool {
        let cell = format!("{}/{name}", self.case.name);
        let chosen = cell.contains(&self.plan.filter);
        if chosen {
            eprintln!("samplers: {}, {cell}", self.plan.name);
        }
        chosen
    }

    /// The kernel with its step size, and mass if it has one, tuned to an acceptance.
    pub(crate) fn tuned<K: Kernel<2> + Tunable>(
        &self,
        kernel: K,
        acceptance: f64,
    ) -> Result<(K, f64), ChainError> {
        let warm_up = WarmUp::new(self.plan.warm_up).with_acceptance(acceptance);
        let start = self.start(TUNING_CHAINS);
        let (kernel, _) = warm_up.run(kernel, &self.case.target, start, self.plan.key.fold(1))?;
        let step_size = kernel.step_size();
        Ok((kernel, step_size))
    }

    /// Exact draws; where there is no sampler the mean, or for binary states a corner.
    fn start(&self, chains: usize) -> Tensor<2> {
        let (target, device) = (&self.case.target, &self.plan.device);
        let exact = target.sample(chains, self.plan.key.fold(0), device);
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
        let start = self.start(size.chains);
        let sampler = Sampler::new(kernel, &counting, start, self.plan.key.fold(2));
        counting.take();
        let sampler = sampler.burn_in(PILOT);
        let transitions = |counts: [u64; 2], made: usize, evaluations: f64| {
            let each = (counts[0] + counts[1]) as f64 / (made * size.chains) as f64;
            (evaluations / each).ceil() as usize
        };
        let burn_in = transitions(counting.take(), PILOT, BURN_IN * size.evaluations as f64);
        let mut sampler = sampler.burn_in(burn_in);
        let draws = transitions(counting.take(), burn_in, size.evaluations as f64);
        let draws = draws.max(LEAST_DRAWS);
        // Reading draws waits until a device has done all that was asked before.
        sampler.sample(MIN_DRAWS)?;
        counting.take();
        let clock = Instant::now();
        let samples = sampler.sample(draws)?;
        let seconds = clock.elapsed().as_secs_f64();
        let [gradients, values] =
            counting.take().map(|count| count as f64 / (draws * size.chains) as f64);
        let acceptance = samples.acceptance.iter().sum::<f64>() / samples.acceptance.len() as f64;
        let transitions = draws * size.chains;
        Ok(Measured { draws: samples.draws, transitions, seconds, gradients, values, acceptance })
    }

    /// A transition is one gradient, which the loop does not count.
    fn measure_fused(
        &self,
        run: &impl Fn(Tensor<2>, usize, Key) -> Result<Tensor<2>, ChainError>,
        size: Size,
    ) -> Result<Measured, ChainError> {
        let burn_in = (BURN_IN * size.evaluations as f64).ceil() as usize;
        let mut position = run(self.start(size.chains), burn_in, self.plan.key.fold(2))?;
        let draws = (size.evaluations / STRIDE).max(LEAST_DRAWS);
        let shape = [draws, size.chains, self.case.target.dim()];
        let mut values = Vec::with_capacity(shape.iter().product());
        let clock = Instant::now();
        for draw in 0..draws {
            position = run(position, STRIDE, self.plan.key.fold(3 + draw as u64))?;
            values.extend(position.clone().into_data().iter::<f64>());
        }
        let seconds = clock.elapsed().as_secs_f64();
        Ok(Measured {
            draws: Draws::from_steps(&values, &shape)?,
            transitions: draws * STRIDE * size.chains,
            seconds,
            gradients: 1.0,
            values: 0.0,
            acceptance: f64::NAN,
        })
    }
}

/// A target that counts the states it is evaluated at.
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
