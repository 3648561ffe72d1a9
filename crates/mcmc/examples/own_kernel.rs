//! Implements a kernel, random-walk Metropolis, and tests it by moments that are known.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_mcmc::diagnostics::mcse_mean;
use ebm_mcmc::{ChainError, Kernel, Key, Sampler, Statistics};
use ebm_targets::{DiagonalGaussian, Target};

/// Random-walk Metropolis: y = x + δ·ε, accepted with probability min(1, exp(U(x) − U(y))).
#[derive(Clone, Copy, Debug)]
struct RandomWalk {
    step_size: f64,
}

impl Kernel<2> for RandomWalk {
    // The position alone; a state of your own could keep U(x) for the next transition.
    type State = Tensor<2>;

    fn step<E: Energy<2>>(&self, energy: &E, x: Tensor<2>, key: Key) -> (Tensor<2>, Statistics) {
        // Randomness comes from the key alone, one stream for each purpose.
        let noise = key.fold(0).normal(x.dims(), &x.device());
        let uniform = key.fold(1).uniform::<1>([x.dims()[0]], &x.device());

        let y = x.clone() + noise * self.step_size;
        let (from, to) = (energy.energy(x.clone()), energy.energy(y.clone()));
        let probability = (from.clone() - to).clamp_max(0.0).exp();
        let accepted = probability.clone().greater(uniform).unsqueeze_dim::<2>(1);
        let x = x.clone().mask_where(accepted.expand(x.dims()), y);

        let statistics = Statistics::new(from).with_acceptance(probability);
        (x, statistics.with_step_size(self.step_size))
    }
}

fn main() -> Result<(), ChainError> {
    // Targets of `ebm-targets` have exact draws and known moments. Chains that start from exact
    // draws must keep them, however slowly the kernel moves.
    let target = DiagonalGaussian::isotropic(2, 1.5).expect("a positive deviation");
    let start = target.sample(64, Key::new(0), &Device::flex()).expect("an exact sampler");
    let start = start.cast(burn::tensor::FloatDType::F32);
    let samples =
        Sampler::new(RandomWalk { step_size: 1.5 }, &target, start, Key::new(1)).sample(1000)?;
    println!("{}", samples.summary());

    let expected = target.mean().expect("known");
    for (i, expected) in expected.into_iter().enumerate() {
        let trace = samples.draws.coordinate(i);
        let mean = trace.values().iter().sum::<f64>() / trace.values().len() as f64;
        let errors = (mean - expected).abs() / mcse_mean(&trace);
        println!("mean of x[{i}]: {errors:.1} standard errors from {expected}");
        assert!(errors < 4.0, "the kernel does not leave the target invariant");
    }
    Ok(())
}
