//! Learns an energy of digits by maximum likelihood, with persistent chains (Tieleman, "Training
//! restricted Boltzmann machines using approximations to the likelihood gradient", ICML 2008).

#![allow(clippy::print_stdout, reason = "an example")]

use burn::optim::AdamConfig;
use burn::tensor::Device;
use ebm_energy::GaussianReference;
use ebm_layers::ConvLayer;
use ebm_mcmc::{Langevin, run};
use ebm_networks::{Contrast, ConvEnergyConfig, EnergyConfig, Terms};
use ebm_noise::Key;
use ebm_tensor::{ImageShape, values};

const BATCH: usize = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (device, key) = (Device::flex(), Key::new(1));
    let digits = ebm_data::digits()?;
    let layer = |channels, kernel, stride| ConvLayer { channels, kernel, stride };
    let layers = vec![layer(16, 5, 2), layer(32, 4, 2), layer(64, 4, 2), layer(128, 4, 4)];
    let config = ConvEnergyConfig { layers, init_std: 0.1, ..ConvEnergyConfig::mnist() };
    let image = ImageShape::new(1, 28);
    let training = device.clone().autodiff();
    let mut network = EnergyConfig::from(config).init(image, None, Key::new(0), &training)?;
    let mut adam = AdamConfig::new().init();
    let mut chains = key.uniform(image.batch(BATCH), &device) * 2.0 - 1.0;

    for iteration in 0..300_u64 {
        // The weights stay as they are for the chains and for the gradient: one preparation.
        let frozen = network.frozen();
        let model = GaussianReference::new(frozen.given(None), 1.0);
        // Descent alone, as in the released code of variational MCMC teaching: noise would need
        // more iterations.
        let kernel = Langevin::new(0.1).with_noise(false);
        chains = run(&kernel, &model, chains, 20, key.fold(iteration), |_, _| {})?.state;

        // Every hundredth digit, of all classes, from another place in each iteration.
        let indices: Vec<usize> = (0..BATCH).map(|i| i * 100 + iteration as usize % 100).collect();
        let contrast =
            Contrast { samples: chains.clone(), data: digits.batch(&indices, &device).into() };
        let learning = frozen.learning(contrast, Terms::default());
        if iteration % 20 == 0 {
            let (data, samples) = (learning.f_data, learning.f_samples);
            println!("{iteration:4}: mean f of data {data:8.3}, of samples {samples:8.3}");
        }
        network = network.descend(&mut adam, 2e-4, learning.gradients);
    }
    // Some chains, as text.
    let images: Vec<Vec<f32>> =
        chains.narrow(0, 15, 5).split(1, 0).into_iter().map(values).collect();
    for row in (0..28).step_by(2) {
        let text = |image: &Vec<f32>| -> String {
            let row = &image[row * 28..(row + 1) * 28];
            row.iter().map(|&x| if x > 0.0 { '#' } else { ' ' }).collect()
        };
        println!("{}", images.iter().map(text).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}
