//! Chain-steps per second of Langevin dynamics on analytic targets, one line of JSON per case;
//! `cargo xtask bench peers` compares them with PyTorch and JAX programs.

#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::Tensor;
use ebm::device::{DeviceName, open};
use ebm::energy::{BlockEnergy, Energy, Gaussian};
use ebm::mcmc::{Langevin, run};
use ebm::noise::Key;
use ebm::targets::{DoubleWell, Ring};
use serde_json::json;

/// The name, chains, dimensions and steps of each scale.
const SCALES: [(&str, usize, usize, usize); 4] = [
    ("tebm_small", 64, 8, 50),
    ("tebm_medium", 256, 32, 100),
    ("tebm_large", 1024, 128, 200),
    ("many2d", 10_000, 2, 1000),
];
const ROUNDS: usize = 7;

fn main() {
    let general = std::env::args().any(|argument| argument == "--general");
    for scale in SCALES {
        let dim = scale.2;
        measure("double_well", &DoubleWell::new(dim, 2.0).expect("valid"), scale, general);
        measure("gaussian", &Gaussian { mean: 0.0, std: 1.0 }, scale, general);
        measure("gmm8", &Ring::new(dim, 8, 4.0, 0.5).expect("valid"), scale, general);
    }
}

fn measure(
    name: &str,
    target: &(impl Energy<2> + BlockEnergy),
    scale: (&str, usize, usize, usize),
    general: bool,
) {
    let device = open(DeviceName::Cpu).expect("the CPU backend is compiled in");
    // δ²/2 = 0.01.
    let kernel = Langevin::new(0.02_f64.sqrt());
    let (_, chains, dim, steps) = scale;
    let start = Key::new(0).normal::<2>([chains, dim], &device);
    let fused = || kernel.run_fused(target, start.clone(), steps, Key::new(1)).expect("finite");
    report("ebm_fused", name, scale, fused);
    if general {
        let general = || {
            let chains = run(&kernel, target, start.clone(), steps, Key::new(1), |_, _| {});
            chains.expect("finite").state
        };
        report("ebm_run", name, scale, general);
    }
}

fn report(
    library: &str,
    name: &str,
    (scale, chains, dim, steps): (&str, usize, usize, usize),
    work: impl Fn() -> Tensor<2>,
) {
    let mut times: Vec<f64> = (0..ROUNDS + 2)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64()
        })
        .skip(2)
        .collect();
    times.sort_by(f64::total_cmp);
    let median = times[ROUNDS / 2];
    let second = work().powi_scalar(2).mean().into_scalar::<f32>();
    println!(
        "{}",
        json!({
            "lib": library, "pot": name, "scale": scale, "chains": chains, "dim": dim,
            "steps": steps, "median_ms": median * 1e3,
            "chain_steps_per_s": (chains * steps) as f64 / median, "m2": second,
        })
    );
}
