//! Finds both modes of a target by parallel tempering, where a single chain finds one.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::{Device, Tensor};
use ebm_energy::FnEnergy;
use ebm_mcmc::{ChainError, Kernel, Key, Mala, ParallelTempering, Sampler, Samples};

fn main() -> Result<(), ChainError> {
    // ½N(−3, ½²) + ½N(3, ½²) on the line: between the modes the density falls by e⁻¹⁸.
    let bimodal = FnEnergy::new(|x: Tensor<2>| {
        let log_part = |centre: f64| (x.clone() - centre).powi_scalar(2).squeeze_dim::<1>(1) * -2.0;
        let [left, right] = [log_part(-3.0), log_part(3.0)];
        let largest = left.clone().max_pair(right.clone());
        let sum = (left - largest.clone()).exp() + (right - largest.clone()).exp();
        (largest + sum.log()).neg()
    });

    // Every chain starts in the left mode.
    fn share_on_the_right<K: Kernel<2>>(
        kernel: K,
        energy: &impl ebm_energy::Energy<2>,
    ) -> Result<(f64, Samples), ChainError> {
        let start = Tensor::full([8, 1], -3.0, &Device::flex());
        let samples =
            Sampler::new(kernel, energy, start, Key::new(0)).burn_in(500).thin(10).sample(1000)?;
        let values = samples.draws.values();
        let right = values.iter().filter(|&&x| x > 0.0).count();
        Ok((right as f64 / values.len() as f64, samples))
    }

    let mala = Mala::new(0.5);
    let (share, _) = share_on_the_right(mala, &bimodal)?;
    println!("MALA: {share:.2} of the draws are in the right mode");

    // Replicas at higher temperatures cross, and exchange positions with their neighbours. The
    // ladder is dense enough if a good share of the exchanges is accepted.
    let tempering = ParallelTempering::new(mala, [1.0, 4.0, 16.0]);
    let (share, samples) = share_on_the_right(tempering, &bimodal)?;
    let exchanges = samples.acceptance.iter().sum::<f64>() / samples.acceptance.len() as f64;
    println!("tempering: {share:.2} of the draws; {exchanges:.2} of the exchanges are accepted");
    println!("{}", samples.summary());
    Ok(())
}
