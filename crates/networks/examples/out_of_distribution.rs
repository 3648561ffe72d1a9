//! Learns an energy of digits and uses it as a detector of outliers: images that are not digits
//! have a higher energy. The AUROC is the probability that an outlier's energy is above a digit's.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::optim::AdamConfig;
use burn::tensor::{Device, Tensor, TensorData};
use ebm_energy::{Energy, GaussianReference, prepare};
use ebm_layers::ConvLayer;
use ebm_mcmc::{Langevin, run};
use ebm_networks::{Contrast, ConvEnergyConfig, EnergyConfig, EnergyNetwork, Terms};
use ebm_noise::Key;
use ebm_tensor::{ImageShape, values};

const BATCH: usize = 50;
const IMAGE: ImageShape = ImageShape::new(1, 28);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex();
    let digits = ebm_data::digits()?;
    // The digits are sorted by class: 90 of every hundred are for training and 10 for testing.
    let learned: Vec<usize> = (0..digits.len()).filter(|i| i % 100 < 90).collect();
    let held_out: Vec<usize> = (0..digits.len()).filter(|i| i % 100 >= 90).collect();
    let network = learn(&digits, &learned, &device)?;

    let energies = |x: Tensor<4>| {
        let energy = network.frozen().given(None);
        values(prepare(&energy).energy(x))
    };
    let test = digits.batch(&held_out, &device);
    let inliers = energies(test.clone());
    // The last are the hardest: a shape simpler than the data can have a low energy although it is
    // none of them (Serrà et al., "Input complexity and out-of-distribution detection", ICLR 2020).
    let outliers = [
        ("noise", Key::new(5).uniform(IMAGE.batch(500), &device) * 2.0 - 1.0),
        ("digits with shuffled pixels", shuffled(test.clone())),
        ("digits in negative", test.clone().neg()),
        ("digits cut in the middle and swapped", swapped(test)),
        ("rectangles", rectangles(500, &device)),
    ];
    for (name, images) in outliers {
        let auroc = auroc(&inliers, &energies(images));
        println!("{name:<38} AUROC {auroc:.3}");
        assert!(auroc > if name == "rectangles" { 0.6 } else { 0.9 }, "{name}: {auroc}");
    }
    Ok(())
}

/// Maximum likelihood with persistent chains; see `learn.rs`.
fn learn(
    digits: &ebm_data::ImageSet,
    indices: &[usize],
    device: &Device,
) -> Result<EnergyNetwork, Box<dyn std::error::Error>> {
    let layer = |channels, kernel| ConvLayer { channels, kernel, stride: 2 };
    let layers = vec![layer(16, 5), layer(32, 3), layer(64, 3)];
    let config = ConvEnergyConfig { layers, init_std: 0.05, ..ConvEnergyConfig::mnist() };
    let training = device.clone().autodiff();
    let mut network = EnergyConfig::from(config).init(IMAGE, None, Key::new(0), &training)?;
    let (mut adam, key) = (AdamConfig::new().init(), Key::new(1));
    let mut chains = key.uniform(IMAGE.batch(BATCH), device) * 2.0 - 1.0;
    for iteration in 0..150_u64 {
        let frozen = network.frozen();
        let model = GaussianReference::new(frozen.given(None), 1.0);
        chains =
            run(&Langevin::new(0.05), &model, chains, 20, key.fold(iteration), |_, _| {})?.state;
        let stride = indices.len() / BATCH;
        let batch: Vec<usize> =
            (0..BATCH).map(|i| indices[i * stride + iteration as usize % stride]).collect();
        let data = digits.batch(&batch, device).into();
        let terms = Terms { regulariser: 0.01, ..Terms::default() };
        let learning = frozen.learning(Contrast { samples: chains.clone(), data }, terms);
        network = network.descend(&mut adam, 1e-3, learning.gradients);
    }
    Ok(network)
}

/// The share of pairs in which the outlier has the higher energy.
fn auroc(inliers: &[f32], outliers: &[f32]) -> f64 {
    let above = |outlier: &f32| inliers.iter().filter(|&inlier| inlier < outlier).count();
    let pairs = (inliers.len() * outliers.len()) as f64;
    outliers.iter().map(above).sum::<usize>() as f64 / pairs
}

/// The pixels of each image in one fixed random order: the same brightness, no strokes.
fn shuffled(images: Tensor<4>) -> Tensor<4> {
    let shape = images.dims();
    let order = Key::new(6).uniform::<1>([IMAGE.len()], &images.device()).argsort(0);
    images.flatten::<2>(1, 3).select(1, order).reshape(shape)
}

/// The lower half above the upper one.
fn swapped(images: Tensor<4>) -> Tensor<4> {
    images.roll_dim(14, 2)
}

/// A bright rectangle of random place and size on black.
fn rectangles(count: usize, device: &Device) -> Tensor<4> {
    let corners = values(Key::new(7).uniform::<2>([count, 4], device));
    let mut pixels = Vec::with_capacity(count * IMAGE.len());
    for corners in corners.chunks(4) {
        let range = |a: f32, b: f32| {
            let [low, high] = [a.min(b), a.max(b)].map(|x| (x * 28.0) as usize);
            low..=high
        };
        let (rows, columns) = (range(corners[0], corners[1]), range(corners[2], corners[3]));
        let inside = |i: usize| rows.contains(&(i / 28)) && columns.contains(&(i % 28));
        pixels.extend((0..IMAGE.len()).map(|i| if inside(i) { 1.0_f32 } else { -1.0 }));
    }
    Tensor::from_data(TensorData::new(pixels, IMAGE.batch(count)), device)
}
