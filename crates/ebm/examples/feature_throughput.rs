//! How many images a second a feature network looks at, on the CPU.
//!
//! `scripts/feature_throughput.py` runs it in turns with PyTorch and prints the table of `benches/record/metrics.md`.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::Tensor;
use clap::{Parser, Subcommand};
use ebm::device::{DeviceName, open};
use ebm::metrics::features::{
    Classifier, EfficientNetLite0, FeatureNetwork, InceptionV3, SqueezeNet,
};
use ebm::noise::Key;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    network: Network,
    /// Images at a time.
    #[arg(long, default_value_t = 16)]
    images: usize,
    /// How often they are looked at; the fastest counts.
    #[arg(long, default_value_t = 3)]
    repeats: usize,
}

#[derive(Subcommand)]
enum Network {
    Digits,
    Squeezenet { weights: PathBuf },
    EfficientnetLite0 { weights: PathBuf },
    Inception { weights: PathBuf },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let device = open(DeviceName::Cpu)?;
    let (network, shape): (Box<dyn FeatureNetwork>, _) = match arguments.network {
        Network::Digits => (Box::new(Classifier::digits(&device)?), [1, 28, 28]),
        Network::Squeezenet { weights } => {
            (Box::new(SqueezeNet::open(&weights, &device)?), [3, 32, 32])
        }
        Network::EfficientnetLite0 { weights } => {
            (Box::new(EfficientNetLite0::open(&weights, &device)?), [3, 32, 32])
        }
        Network::Inception { weights } => {
            (Box::new(InceptionV3::open(&weights, &device)?), [3, 32, 32])
        }
    };
    let [channels, height, width] = shape;
    let shape = [arguments.images, channels, height, width];
    let images: Tensor<4> = Key::new(1).uniform(shape, &device) * 2.0 - 1.0;
    let mut fastest = f64::INFINITY;
    // The first is to warm up.
    for repeat in 0..=arguments.repeats {
        let start = Instant::now();
        black_box(network.features(images.clone())?.into_data());
        if repeat > 0 {
            fastest = fastest.min(start.elapsed().as_secs_f64());
        }
    }
    println!("{:.1}", arguments.images as f64 / fastest);
    Ok(())
}
