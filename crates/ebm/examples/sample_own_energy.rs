//! Samples an energy of your own with NUTS and prints a summary with diagnostics.
//!
//!     cargo run --release -p ebm --example sample_own_energy

use std::error::Error;

use burn::tensor::Tensor;
use ebm::device::{DeviceName, open};
use ebm::energy::FnEnergy;
use ebm::mcmc::{Nuts, Sampler, WarmUp};
use ebm::noise::Key;

fn main() -> Result<(), Box<dyn Error>> {
    let device = open(DeviceName::Cpu)?;
    // A funnel in two dimensions (Neal 2003): v ~ N(0, 1), x | v ~ N(0, exp(v)).
    let funnel = FnEnergy::new(|state: Tensor<2>| {
        let [v, x] = [0, 1].map(|i| state.clone().narrow(1, i, 1).squeeze_dim::<1>(1));
        let variance = v.clone().exp();
        v.clone().powi_scalar(2) * 0.5 + x.powi_scalar(2) / variance * 0.5 + v * 0.5
    });
    let start = Key::new(0).normal::<2>([4, 2], &device);
    let (nuts, state) = WarmUp::new(500).run(Nuts::new(0.1), &funnel, start, Key::new(1))?;
    let samples = Sampler::new(nuts, &funnel, state.position, Key::new(2)).sample(1_000)?;
    println!("{}", samples.summary());
    Ok(())
}
