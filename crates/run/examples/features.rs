//! Feature networks on the CPU: distances between real sets in their features, or their throughput.
//!
//!     cargo run --release -p ebm-run --example features -- distances mnist digits
//!     cargo run --release -p ebm-run --example features -- \
//!         distances cifar10 squeezenet --images 2500 --weights FILE
//!     cargo run --release -p ebm-run --example features -- throughput squeezenet --weights FILE
//!
//! Results lie in `benches/record/metrics.md`; `scripts/feature_throughput.py` runs the last
//! alternately with PyTorch.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor};
use clap::{Args, Parser, ValueEnum};
use ebm::data::{Catalog, DataRoot, Split, load};
use ebm::device::{DeviceName, open};
use ebm::metrics::features::{
    Classifier, EfficientNetLite0, FeatureNetwork, InceptionV3, SqueezeNet,
};
use ebm::metrics::{FeatureSet, Moments, frechet_distance};
use ebm::noise::Key;

#[derive(Parser)]
enum Command {
    /// Fréchet distances of the training set to the test set as it is, with noise added, and
    /// without some classes.
    Distances {
        /// A name of the catalogue; its sets are found as in `ebm train`.
        set: String,
        #[command(flatten)]
        network: Network,
        /// Number of random images of each set [default: all].
        #[arg(long)]
        images: Option<usize>,
    },
    /// Print images per second.
    Throughput {
        #[command(flatten)]
        network: Network,
        /// Images at a time.
        #[arg(long, default_value_t = 16)]
        images: usize,
        /// Repetitions, of which the fastest counts.
        #[arg(long, default_value_t = 3)]
        repeats: usize,
    },
}

#[derive(Args)]
struct Network {
    #[arg(value_enum)]
    network: Name,
    /// The file of weights of a network that is not built in.
    #[arg(long)]
    weights: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    Digits,
    Fashion,
    Squeezenet,
    EfficientnetLite0,
    Inception,
}

impl Network {
    /// Returns the network, and the channels and the side of the images for timing.
    fn open(&self, device: &Device) -> Result<(Box<dyn FeatureNetwork>, [usize; 2])> {
        let weights = || self.weights.as_deref().context("--weights FILE is missing");
        Ok(match self.network {
            Name::Digits => (Box::new(Classifier::digits(device)?), [1, 28]),
            Name::Fashion => (Box::new(Classifier::fashion(device)?), [1, 28]),
            Name::Squeezenet => (Box::new(SqueezeNet::open(weights()?, device)?), [3, 32]),
            Name::EfficientnetLite0 => {
                (Box::new(EfficientNetLite0::open(weights()?, device)?), [3, 32])
            }
            Name::Inception => (Box::new(InceptionV3::open(weights()?, device)?), [3, 32]),
        })
    }
}

fn main() -> Result<()> {
    let device = open(DeviceName::Cpu)?;
    match Command::parse() {
        Command::Distances { set, network, images } => {
            distances(&set, &*network.open(&device)?.0, images, &device)
        }
        Command::Throughput { network, images, repeats } => {
            let (network, [channels, side]) = network.open(&device)?;
            let noise = Key::new(1).uniform([images, channels, side, side], &device) * 2.0 - 1.0;
            let rate = throughput(&*network, &noise, repeats)?;
            println!("{rate:.1}");
            Ok(())
        }
    }
}

/// Prints each distance as soon as it is computed.
fn distances(
    set: &str,
    network: &dyn FeatureNetwork,
    images: Option<usize>,
    device: &Device,
) -> Result<()> {
    let (root, catalog) = (DataRoot::resolve(None)?, Catalog::embedded()?);
    // Features of random images with noise of a standard deviation, clamped to [−1, 1], and their
    // classes.
    let features = |split, noise: f64| -> Result<(FeatureSet, Vec<u8>)> {
        let all = load(set, split, &root, &catalog)?;
        let mut chosen = Key::new(0).permutation(all.len());
        chosen.truncate(images.unwrap_or(all.len()));
        let clean = all.batch(&chosen, device);
        let z: Tensor<4> = Key::new(1).normal(clean.dims(), device);
        let features = network.features((clean + z * noise).clamp(-1.0, 1.0))?;
        let classes = chosen.iter().map(|&i| all.labels()[i]).collect();
        Ok((FeatureSet::from_tensor(features)?, classes))
    };
    let train = Moments::of(&features(Split::Train, 0.0)?.0);
    let show = |what: &str, set: &FeatureSet| -> Result<()> {
        let distance = frechet_distance(&train, &Moments::of(set))?;
        println!("{what:22} {distance:9.3}  of {} and {} images", train.count(), set.len());
        Ok(())
    };
    let (test, classes) = features(Split::Test, 0.0)?;
    show("test set", &test)?;
    for noise in [0.05, 0.1, 0.2] {
        show(&format!("noise {noise}"), &features(Split::Test, noise)?.0)?;
    }
    for lost in [1, 3, 5] {
        let kept: Vec<usize> = (0..test.len()).filter(|&i| classes[i] >= lost).collect();
        show(&format!("without {lost} classes"), &test.select(&kept))?;
    }
    Ok(())
}

/// Returns images per second; the first pass is a warm-up.
fn throughput(network: &dyn FeatureNetwork, images: &Tensor<4>, repeats: usize) -> Result<f64> {
    let mut fastest = f64::INFINITY;
    for repeat in 0..=repeats {
        let start = Instant::now();
        black_box(network.features(images.clone())?.into_data());
        if repeat > 0 {
            fastest = fastest.min(start.elapsed().as_secs_f64());
        }
    }
    Ok(images.dims()[0] as f64 / fastest)
}
