//! The Fréchet distance of two sets of images in the features of the embedded digit classifier,
//! with its jackknife error.
//!
//!     cargo run --release -p ebm-metrics --example frechet

use std::error::Error;

use burn::tensor::{Device, Tensor};
use ebm_data::digits;
use ebm_metrics::features::{Classifier, FeatureNetwork};
use ebm_metrics::{FeatureSet, Moments, frechet_distance, jackknife_error};
use ebm_noise::Key;

/// The number of groups of samples that the jackknife leaves out, one at a time.
const GROUPS: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let classifier = Classifier::digits(&device)?;
    let features = |images: Tensor<4>| -> Result<FeatureSet, Box<dyn Error>> {
        Ok(FeatureSet::from_tensor(classifier.features(images)?)?)
    };

    // Real digits against other real digits, clean and with noise.
    let digits = digits()?;
    let every_fourth = |first| (first..digits.len()).step_by(4).collect::<Vec<_>>();
    let real = Moments::of(&features(digits.batch(&every_fourth(0), &device))?);
    let others = digits.batch(&every_fourth(2), &device);
    let noise = Key::new(1).normal::<4>(others.dims(), &device);

    for sd in [0.0, 0.1, 0.2, 0.4] {
        let generated = features(others.clone() + noise.clone() * sd)?;
        let distance = frechet_distance(&real, &Moments::of(&generated))?;
        let mut left_out = Vec::new();
        for group in 0..GROUPS {
            let kept: Vec<usize> = (0..generated.len()).filter(|i| i % GROUPS != group).collect();
            left_out.push(frechet_distance(&real, &Moments::of(&generated.select(&kept)))?);
        }
        println!("noise {sd}: FD {distance:.2} ± {:.2}", jackknife_error(&left_out)?);
    }
    Ok(())
}
