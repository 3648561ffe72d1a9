//! `ebm reconstruct`: data, what their codes decode to, and that refined.

use std::collections::BTreeMap;
use std::io::{Write, stdout};

use anyhow::Result;
use burn::tensor::Tensor;
use clap::Args;
use ebm::metrics::psnr;
use serde::Serialize;

use super::task::{self, COUNTS, DataArguments, Refinement, Task, values, within};
use ebm_run::mean;

/// Streams of random numbers.
const ENCODER: u64 = 0;
const CODES: u64 = 1;
const LANGEVIN: u64 = 2;
const BITS: u64 = 3;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Images, spread evenly over the data set.
    #[arg(long, default_value = "32", value_parser = within(COUNTS))]
    count: usize,
    /// Decode the mean of q(z|x) instead of a draw from it.
    #[arg(long)]
    mean: bool,
    #[command(flatten)]
    refinement: Refinement,
    #[command(flatten)]
    data: DataArguments,
}

/// Decibels of images against data: what `psnr.json` says.
#[derive(Serialize)]
pub(super) struct Fidelity {
    data: String,
    /// The images' numbers in the data set.
    images: Vec<usize>,
    /// A bound of the VAE's −log₂ p(x).
    #[serde(skip_serializing_if = "Option::is_none")]
    bits_per_dim: Option<f64>,
    mean: BTreeMap<&'static str, f64>,
    /// Of each image.
    each: BTreeMap<&'static str, Vec<f64>>,
}

impl Fidelity {
    pub(super) fn new(data: String, images: Vec<usize>) -> Self {
        Self { data, images, bits_per_dim: None, mean: BTreeMap::new(), each: BTreeMap::new() }
    }

    /// Compares images, as they are shown, with data, and prints the mean.
    pub(super) fn add(
        &mut self,
        name: &'static str,
        images: Tensor<4>,
        data: Tensor<4>,
    ) -> Result<()> {
        let each = values(psnr(images.clamp(-1.0, 1.0), data));
        let mean = mean(&each);
        writeln!(stdout(), "{name}: mean PSNR {mean:.2} dB")?;
        self.mean.insert(name, mean);
        self.each.insert(name, each);
        Ok(())
    }
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "reconstruct")?;
    let vae = task.trainer.encoder()?;
    let examples = task.examples(&arguments.data)?;
    let (indices, data) = examples.spread(arguments.count, task.trainer.device());
    let condition = task.conditions_of(&examples, &indices, &data)?;
    let posterior = vae.encode(data.clone(), condition.as_ref(), task.key.fold(ENCODER));
    let codes = match arguments.mean {
        true => posterior.mean,
        false => posterior.sample(task.key.fold(CODES)),
    };
    let decoded = vae.decode(codes, condition.as_ref());
    // The σ of p(x|z) that fits these images best.
    let std = (decoded.clone() - data.clone()).powi_scalar(2).mean().into_scalar::<f32>().sqrt();
    let std = f64::from(std).max(1e-3);
    let bits =
        mean(&values(vae.bits_per_dim(data.clone(), condition.as_ref(), std, task.key.fold(BITS))));
    writeln!(stdout(), "−log₂ p(x) of the VAE ≤ {bits:.3} bits per dimension, σ = {std:.3}")?;
    let key = task.key.fold(LANGEVIN);
    let refined = task.refine(&decoded, condition, &arguments.refinement, key)?;

    let mut columns = vec![("data", data.clone()), ("decoded", decoded)];
    columns.extend(refined.map(|refined| ("refined", refined)));
    let frames: Vec<_> = columns.iter().map(|(_, images)| images.clone()).collect();
    task.out.strip("reconstruct", &frames)?;
    let mut fidelity = Fidelity::new(examples.to_string(), indices);
    fidelity.bits_per_dim = Some(bits);
    for (name, images) in &columns {
        task.out.array(name, images)?;
    }
    for (name, images) in columns.into_iter().skip(1) {
        fidelity.add(name, images, data.clone())?;
    }
    task.out.json("psnr", &fidelity)
}
