//! Trains and tests the built-in classifiers of `ebm::metrics::features`.
//!
//!     cargo run --release -p ebm-run --example classifier -- train digits
//!     cargo run --release -p ebm-run --example classifier -- test digits
//!
//! and the same with `fashion`. Data sets are found as in `ebm train` (`ebm data fetch mnist`).
//! Training writes the file that the next build compiles in, the same bits each time on one
//! machine's CPU.

use std::f64::consts::PI;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};
use clap::{Parser, ValueEnum};
use ebm::data::{Batches, Catalog, DataRoot, ImageSet, Split, load};
use ebm::device::{DeviceName, open};
use ebm::metrics::features::{Classifier, ClassifierNetwork};
use ebm::noise::{Key, initialise_fan_in};

const SEED: u64 = 1;
const EPOCHS: u64 = 10;
const BATCH: usize = 128;
/// The initial learning rate, which falls to 0 along half a cosine.
const LEARNING_RATE: f64 = 2e-3;
/// The most pixels by which training images are shifted in each direction.
const SHIFT: usize = 2;
const SIDE: usize = 28;
/// Streams of the seed.
const INITIAL: u64 = 0;
const ORDER: u64 = 1;
const AUGMENTATION: u64 = 2;

#[derive(Parser)]
enum Command {
    /// Train on the training set and write the weights.
    Train { set: Set },
    /// Count the errors of the built-in weights on the test set.
    Test { set: Set },
}

#[derive(Clone, Copy, ValueEnum)]
enum Set {
    Digits,
    Fashion,
}

impl Set {
    fn load(self, split: Split) -> Result<ImageSet> {
        let name = match self {
            Self::Digits => "mnist",
            Self::Fashion => "fashion-mnist",
        };
        Ok(load(name, split, &DataRoot::resolve(None)?, &Catalog::embedded()?)?)
    }

    /// Returns the file that the build compiles in.
    fn weights(self) -> &'static Path {
        Path::new(match self {
            Self::Digits => "crates/metrics/src/features/weights/digits.safetensors",
            Self::Fashion => "crates/metrics/src/features/weights/fashion.safetensors",
        })
    }

    /// Returns whether mirrored images keep their class.
    fn mirrored(self) -> bool {
        matches!(self, Self::Fashion)
    }
}

fn main() -> Result<()> {
    let device = open(DeviceName::Cpu)?;
    match Command::parse() {
        Command::Train { set } => train(set, &device),
        Command::Test { set } => test(set, &device),
    }
}

fn train(set: Set, device: &Device) -> Result<()> {
    let images = set.load(Split::Train)?;
    let training = device.clone().autodiff();
    let key = Key::new(SEED);
    let mut network = initialise_fan_in(ClassifierNetwork::new(&training), key.fold(INITIAL));
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let loss = CrossEntropyLossConfig::new().init(&training);
    let mut batches = Batches::new(images.len(), BATCH, key.fold(ORDER))?;
    let iterations = EPOCHS * batches.per_epoch();
    let mut sum = 0.0;
    for iteration in 0..iterations {
        let indices = batches.indices(iteration);
        let moved = augmented(&images, &indices, set, key.fold(AUGMENTATION).fold(iteration));
        let moved = Tensor::<4>::from_data(moved, &training);
        let classes: Vec<i32> = indices.iter().map(|&i| images.labels()[i].into()).collect();
        let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [BATCH]), &training);
        let cross_entropy = loss.forward(network.logits(moved), classes);
        sum += f64::from(cross_entropy.clone().into_scalar::<f32>());
        let gradients = GradientsParams::from_grads(cross_entropy.backward(), &network);
        let rate = LEARNING_RATE * 0.5 * (1.0 + (PI * iteration as f64 / iterations as f64).cos());
        network = adam.step(rate, network, gradients);
        if (iteration + 1).is_multiple_of(batches.per_epoch()) {
            let epoch = batches.epoch(iteration) + 1;
            println!("epoch {epoch:2}: cross-entropy {:.4} nats", sum / batches.per_epoch() as f64);
            sum = 0.0;
        }
    }
    let path = set.weights();
    fs::write(path, network.valid().to_safetensors()?).with_context(|| {
        format!("cannot write {}; run it at the repository's root", path.display())
    })?;
    println!("wrote {}", path.display());
    Ok(())
}

/// Returns the images, each shifted by a random number of pixels and mirrored or not, `[batch, 1,
/// 28, 28]` in [−1, 1].
fn augmented(images: &ImageSet, indices: &[usize], set: Set, key: Key) -> TensorData {
    let mut values = vec![-1.0_f32; indices.len() * SIDE * SIDE];
    for (row, (&index, moved)) in indices.iter().zip(values.chunks_mut(SIDE * SIDE)).enumerate() {
        let image = images.image(index);
        let draw = |number| key.uniform_at(row as u32, number);
        // Drawn from 0..=2·SHIFT, where SHIFT means no shift.
        let [down, right] = [0, 1].map(|number| (draw(number) * (2 * SHIFT + 1) as f64) as usize);
        let mirrored = set.mirrored() && draw(2) < 0.5;
        for y in SHIFT.saturating_sub(down)..SIDE.min(SIDE + SHIFT - down) {
            for x in SHIFT.saturating_sub(right)..SIDE.min(SIDE + SHIFT - right) {
                let column = if mirrored { SIDE - 1 - x } else { x };
                let pixel = f32::from(image[y * SIDE + column]) / 127.5 - 1.0;
                moved[(y + down - SHIFT) * SIDE + x + right - SHIFT] = pixel;
            }
        }
    }
    TensorData::new(values, [indices.len(), 1, SIDE, SIDE])
}

fn test(set: Set, device: &Device) -> Result<()> {
    let images = set.load(Split::Test)?;
    let classifier = match set {
        Set::Digits => Classifier::digits(device)?,
        Set::Fashion => Classifier::fashion(device)?,
    };
    let all: Vec<usize> = (0..images.len()).collect();
    let classes = classifier.classify(images.batch(&all, device))?;
    let errors =
        classes.iter().zip(images.labels()).filter(|(given, label)| given != label).count();
    let percent = 100.0 * errors as f64 / images.len() as f64;
    println!("{errors} errors on the {} test images: {percent:.2} %", images.len());
    Ok(())
}
