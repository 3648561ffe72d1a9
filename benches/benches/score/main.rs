//! The time of a Langevin step and of a teaching iteration, on the CPU by part and beside the
//! machine's peak performance. A process makes one measurement and prints one line of JSON;
//! `cargo xtask bench score` runs those of the CPU, `scripts/gpu.sh` those of a GPU.

#![allow(missing_docs, reason = "a program")]

mod networks;
mod spans;

use std::hint::black_box;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use clap::{Parser, Subcommand};
use ebm::device::{DeviceName, open};
use ebm::energy::{Energy, GaussianReference};
use ebm::mcmc::{Langevin, run};
use ebm::networks::FrozenConvEnergy;
use ebm::noise::Key;
use ebm::teaching::{Batch, Trainer};
use ebm::tensor::is_host;
use networks::Net;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use serde_json::{Value, json};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// The device of a step or an iteration: auto, cpu, ndarray, wgpu, vulkan or cuda.
    #[arg(long, global = true, default_value_t = DeviceName::Cpu)]
    device: DeviceName,
    /// Passed by cargo.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum What {
    /// The peak rates of multiply-adds and of memory traffic, on all cores.
    Machine,
    /// A Langevin step and its parts.
    Step {
        net: Net,
        #[arg(long, default_value_t = 64)]
        chains: usize,
        /// The number of steps of a chain.
        #[arg(long, default_value_t = 10)]
        steps: usize,
        /// The number of runs; the median is reported.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Use automatic differentiation, as for energies without a prepared form.
        #[arg(long)]
        autodiff: bool,
    },
    /// An iteration of Algorithm 1 and its parts.
    Iteration {
        net: Net,
        #[arg(long, default_value_t = 100)]
        batch: usize,
        #[arg(long, default_value_t = 100)]
        chains: usize,
        #[arg(long, default_value_t = 15)]
        steps: usize,
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
}

fn main() -> anyhow::Result<()> {
    let Cli { what, device: name, .. } = Cli::parse();
    let mut result = match what {
        What::Machine => machine(),
        What::Step { net, chains, steps, rounds, autodiff } => {
            step(net, chains, steps, rounds, autodiff, &open(name)?)
        }
        What::Iteration { net, batch, chains, steps, rounds } => {
            iteration(net, batch, chains, steps, rounds, &open(name)?)
        }
    };
    result["device"] = json!(name.to_string());
    println!("{result}");
    Ok(())
}

/// An energy whose prepared form is hidden.
struct Unprepared<E>(E);

impl<const D: usize, E: Energy<D>> Energy<D> for Unprepared<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.0.energy(x)
    }
}

fn step(
    net: Net,
    chains: usize,
    steps: usize,
    rounds: usize,
    autodiff: bool,
    device: &Device,
) -> Value {
    let (network, image) = net.energy(device);
    let [channels, size] = image.into();
    let network = network.valid();
    let x = Key::new(1).uniform::<4>([chains, channels, size, size], device) * 2.0 - 1.0;
    let chain = |noise| {
        let kernel = Langevin::new(0.002).with_noise(noise);
        let end = if autodiff {
            chain(&kernel, Unprepared(&network), &x, steps)
        } else {
            chain(&kernel, &network, &x, steps)
        };
        device.sync().expect("the device finishes its work");
        end
    };
    let per_step = |ms: f64| ms / steps as f64;
    let first = median_without_warmup(1, || chain(true));
    let whole = median(rounds, || chain(true));
    let mut result = json!({
        "case": net.name(), "chains": chains, "steps": steps, "autodiff": autodiff,
        "first_ms": first, "ms_per_step": per_step(whole),
    });
    let frozen = FrozenConvEnergy::new(&network).filter(|_| !autodiff);
    if let Some(frozen) = frozen {
        let noiseless = median(rounds, || chain(false));
        let freeze = median(rounds, || FrozenConvEnergy::new(&network));
        let forward = median(rounds, || frozen.energy(x.clone()).into_data());
        let score = median(rounds, || frozen.energy_and_gradient(x.clone()).1.into_data());
        let [defined, done] = frozen.multiply_adds();
        let gflops = |count: usize| (2 * count * chains) as f64 / score * 1e-6;
        result["parts_ms"] = json!({
            "prepare, once": freeze, "forward": forward, "input gradient": score - forward,
            "noise": per_step(whole - noiseless),
            "update and reference": per_step(noiseless - freeze) - score,
        });
        result["defined_gflops"] = json!(gflops(defined));
        result["done_gflops"] = json!(gflops(done));
    }
    result["peak_mib"] = json!(peak_mib());
    result
}

fn chain(kernel: &Langevin, network: impl Energy<4>, x: &Tensor<4>, steps: usize) -> Tensor<4> {
    let model = GaussianReference::new(network, 0.016);
    run(kernel, &model, x.clone(), steps, Key::new(2), |_, _| {}).expect("finite").state
}

fn iteration(
    net: Net,
    batch: usize,
    chains: usize,
    steps: usize,
    rounds: usize,
    device: &Device,
) -> Value {
    let spans = spans::listen();
    let mut recipe = net.recipe();
    (recipe.data.batch, recipe.chains.count, recipe.chains.steps) = (batch, chains, steps);
    let mut trainer = Trainer::new(recipe, net.image(), device).expect("a valid recipe");
    let [channels, size]: [usize; 2] = net.image().into();
    let data = Key::new(1).uniform::<4>([batch, channels, size, size], device) * 2.0 - 1.0;
    let mut step = || {
        let stats = trainer.step(Batch::new(data.clone(), 0)).expect("finite");
        device.sync().expect("the device finishes its work");
        stats
    };
    let first = median_without_warmup(1, &mut step);
    spans.take();
    let whole = median_without_warmup(rounds, step);
    let mut result = json!({
        "case": net.name(), "batch": batch, "chains": chains, "steps": steps,
        "first_ms": first, "ms_per_iteration": whole, "peak_mib": peak_mib(),
    });
    // On a GPU, a span ends when its work is enqueued.
    if is_host(device) {
        let parts = spans.take().into_iter();
        result["parts_ms"] = parts.map(|(name, ms)| (name, json!(ms / rounds as f64))).collect();
    }
    result
}

/// Returns the median time of `rounds` calls in milliseconds, after a warm-up call.
fn median<T>(rounds: usize, mut work: impl FnMut() -> T) -> f64 {
    black_box(work());
    median_without_warmup(rounds, work)
}

fn median_without_warmup<T>(rounds: usize, mut work: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Returns the peak memory of this process, if the system reports it.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib / 1024)
}

fn machine() -> Value {
    let threads = rayon::current_num_threads();
    const ROUNDS: usize = 20_000_000;
    let flops: usize = {
        let lanes = Arch::new().dispatch(Lanes);
        threads * ROUNDS * CHAINS * lanes * 2
    };
    let peak = median(3, || {
        (0..threads)
            .into_par_iter()
            .map(|_| Arch::new().dispatch(MultiplyAdds { rounds: ROUNDS }))
            .sum::<f32>()
    });
    // a ← b + 3c, three streams far larger than the caches.
    let len = 1 << 25;
    let (mut a, b, c) = (vec![0.0_f32; len], vec![1.0_f32; len], vec![2.0_f32; len]);
    let part = len / threads;
    let triad = median(3, || {
        a.par_chunks_mut(part).zip(b.par_chunks(part)).zip(c.par_chunks(part)).for_each(
            |((a, b), c)| {
                a.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a = b + 3.0 * c);
            },
        );
    });
    json!({
        "case": "machine", "threads": threads, "lanes": Arch::new().dispatch(Lanes),
        "peak_gflops": flops as f64 / peak * 1e-6,
        "bandwidth_gb_s": (3 * 4 * len) as f64 / triad * 1e-6,
    })
}

/// The number of independent chains of multiply-adds, enough to hide their latency.
const CHAINS: usize = 12;

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

struct MultiplyAdds {
    rounds: usize,
}

impl WithSimd for MultiplyAdds {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let factor = simd.splat_f32s(black_box(0.999));
        let mut sums = [factor; CHAINS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, factor);
            }
        }
        sums.into_iter().map(|sum| simd.reduce_sum_f32s(sum)).sum()
    }
}
