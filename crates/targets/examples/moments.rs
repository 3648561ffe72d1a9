//! Compares exact draws of every kind of target with the moments that it states, in standard
//! errors. A sampler of your own is tested in the same way, with its effective sample size in place
//! of the number of draws.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::Device;
use ebm_noise::Key;
use ebm_targets::{
    Banana, CorrelatedGaussian, DoubleWell, EightSchools, Funnel, Mixture, Target, TargetError,
};
use ebm_tensor::values_f64;

const DRAWS: usize = 50_000;

fn main() -> Result<(), TargetError> {
    let covariance = [vec![1.0, 0.9], vec![0.9, 2.0]];
    let targets: Vec<Box<dyn Target>> = vec![
        Box::new(CorrelatedGaussian::new(vec![1.0, -1.0], &covariance)?),
        Box::new(Mixture::ring(8, 4.0, 0.5)?),
        Box::new(DoubleWell::new(3, 2.0)?),
        Box::new(Banana::rosenbrock(2.0)?),
        Box::new(Funnel::neal()),
        Box::new(EightSchools::new()),
    ];
    for target in &targets {
        let worst = worst_mean(target.as_ref());
        println!("{:<22} worst mean off by {worst:.2} standard errors", target.name());
        assert!(worst < 5.0, "{} has other means than it states", target.name());
    }
    Ok(())
}

/// Returns the largest |mean of the draws − stated mean| over the coordinates, in standard errors.
fn worst_mean(target: &dyn Target) -> f64 {
    let (dim, device) = (target.dim(), Device::flex());
    let draws = target.sample(DRAWS, Key::new(7), &device).expect("it has a sampler");
    let draws = values_f64(draws);
    let [means, variances] =
        [target.mean(), target.variance()].map(|moments| moments.expect("it states moments"));
    let error = |i: usize| {
        let sum: f64 = draws.iter().skip(i).step_by(dim).sum();
        let standard_error = (variances[i] / DRAWS as f64).sqrt();
        (sum / DRAWS as f64 - means[i]).abs() / standard_error
    };
    (0..dim).map(error).fold(0.0, f64::max)
}
