//! Samples an energy of your own with NUTS, and reads the summary.
//!
//! The target is a regression line y = a + b·t with noise of unknown size, from eight observations.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::{Device, Tensor};
use ebm_energy::FnEnergy;
use ebm_mcmc::{ChainError, Key, Nuts, Sampler, WarmUp};

const TIMES: [f32; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
const VALUES: [f32; 8] = [1.1, 2.7, 5.2, 6.8, 9.4, 10.7, 13.3, 14.8];

fn main() -> Result<(), ChainError> {
    let device = Device::flex();
    let row = |values: [f32; 8]| Tensor::<1>::from_data(values, &device).unsqueeze_dim::<2>(0);
    let (times, values) = (row(TIMES), row(VALUES));

    // U = −log p(a, b, log σ | y) up to a constant, for a batch of states `[chains, 3]`. The priors
    // are N(0, 10²) for a and b and N(0, 1) for log σ. Gradients come from autodiff.
    let energy = FnEnergy::new(|x: Tensor<2>| {
        let [a, b, log_sigma] = [0, 1, 2].map(|i| x.clone().narrow(1, i, 1));
        let residuals = values.clone() - (a.clone() + b.clone() * times.clone());
        let precision = (log_sigma.clone() * -2.0).exp();
        let likelihood =
            residuals.powi_scalar(2).sum_dim(1) * precision * 0.5 + log_sigma.clone() * 8.0;
        let priors = (a.powi_scalar(2) + b.powi_scalar(2)) / 200.0 + log_sigma.powi_scalar(2) / 2.0;
        (likelihood + priors).squeeze_dim::<1>(1)
    });

    // Four chains from scattered starts. Warm-up finds the step size and the mass.
    let key = Key::new(1);
    let start = key.fold(0).normal::<2>([4, 3], &device);
    let (nuts, state) = WarmUp::new(500).run(Nuts::new(0.1), &energy, start, key.fold(1))?;
    let samples = Sampler::new(nuts, &energy, state.position, key.fold(2)).sample(1000)?;

    // Look at the last columns first: r_hat near 1, hundreds of effective draws, no divergences.
    let summary = samples.summary();
    println!("{summary}");
    if !summary.mixed() {
        println!("do not use these draws yet");
    }

    // Functions of the draws are functions of the rows of `samples.draws`, `[chain, draw, 3]`.
    let draws = samples.draws.values().chunks(3);
    let share = draws.clone().filter(|x| x[1] > 2.0).count() as f64 / draws.len() as f64;
    println!("P(b > 2 | y) = {share:.3}");
    Ok(())
}
