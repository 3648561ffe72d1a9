//! Features of images on the CPU: those of a data set as a file, or how many images a second a network looks at.
//!
//!     cargo run --release -p ebm --example features -- write digits mnist test mnist.safetensors --noise 0.1
//!     cargo run --release -p ebm --example features -- throughput squeezenet --weights squeezenet.safetensors
//!
//! `scripts/feature_distances.py` and `scripts/feature_throughput.py` run it for the tables of
//! `benches/record/metrics.md`.

use std::fs;
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
use ebm::noise::Key;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

#[derive(Parser)]
enum Command {
    /// Write the features `[n, dim]` and the classes `[n]` of images of a data set.
    Write {
        #[command(flatten)]
        network: Network,
        /// A name of the catalogue.
        set: String,
        split: Part,
        /// A safetensors file.
        out: PathBuf,
        /// The standard deviation of Gaussian noise that is added; what leaves [−1, 1] is cut off.
        #[arg(long, default_value_t = 0.0)]
        noise: f64,
        /// So many images instead of all, a random choice.
        #[arg(long)]
        images: Option<usize>,
    },
    /// Print images a second.
    Throughput {
        #[command(flatten)]
        network: Network,
        /// Images at a time.
        #[arg(long, default_value_t = 16)]
        images: usize,
        /// How often they are looked at; the fastest counts.
        #[arg(long, default_value_t = 3)]
        repeats: usize,
    },
}

#[derive(Args)]
struct Network {
    #[arg(value_enum)]
    network: Name,
    /// The file of weights, of networks that are not compiled in.
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

#[derive(Clone, Copy, ValueEnum)]
enum Part {
    Train,
    Test,
}

impl Network {
    /// The network, and the channels and the side of the images that it is timed with.
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
        Command::Write { network, set, split, out, noise, images } => {
            let split = match split {
                Part::Train => Split::Train,
                Part::Test => Split::Test,
            };
            let all = load(&set, split, &DataRoot::resolve(None)?, &Catalog::embedded()?)?;
            let mut chosen = Key::new(0).permutation(all.len());
            chosen.truncate(images.unwrap_or(all.len()));
            let clean = all.batch(&chosen, &device);
            let z: Tensor<4> = Key::new(1).normal(clean.dims(), &device);
            let noisy = (clean + z * noise).clamp(-1.0, 1.0);
            let features = network.open(&device)?.0.features(noisy)?;
            let shape = features.dims().to_vec();
            let features: Vec<u8> =
                features.into_data().iter::<f32>().flat_map(f32::to_le_bytes).collect();
            let labels: Vec<u8> = chosen.iter().map(|&i| all.labels()[i]).collect();
            let tensors = [
                ("labels", TensorView::new(Dtype::U8, vec![labels.len()], &labels)?),
                ("features", TensorView::new(Dtype::F32, shape, &features)?),
            ];
            fs::write(&out, safetensors::serialize(tensors, None)?)
                .with_context(|| format!("cannot write {}", out.display()))?;
        }
        Command::Throughput { network, images, repeats } => {
            let (network, [channels, side]) = network.open(&device)?;
            let images_of = Key::new(1).uniform::<4>([images, channels, side, side], &device);
            let images_of = images_of * 2.0 - 1.0;
            let mut fastest = f64::INFINITY;
            // The first is to warm up.
            for repeat in 0..=repeats {
                let start = Instant::now();
                black_box(network.features(images_of.clone())?.into_data());
                if repeat > 0 {
                    fastest = fastest.min(start.elapsed().as_secs_f64());
                }
            }
            println!("{:.1}", images as f64 / fastest);
        }
    }
    Ok(())
}
