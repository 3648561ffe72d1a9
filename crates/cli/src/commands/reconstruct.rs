//! `ebm reconstruct`: data, their decoded codes, and these refined.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use ebm_run::tasks::{Fidelity, ReconstructOptions};

use super::arguments::{
    COUNTS, DataArguments, StepArguments, TaskArguments, note_missing_energy, within,
};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of images, evenly spread over the data set.
    #[arg(long, default_value = "32", value_parser = within(COUNTS))]
    count: usize,
    /// Decode the mean of q(z|x) instead of a draw from it.
    #[arg(long)]
    mean: bool,
    #[command(flatten)]
    refinement: StepArguments,
    #[command(flatten)]
    data: DataArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("reconstruct")?;
    note_missing_energy(&run);
    let mut options = ReconstructOptions::new(arguments.count);
    options.mean = arguments.mean;
    options.steps = arguments.refinement.steps;
    options.data = arguments.data.choice();
    let reconstruction = run.reconstruct(&options)?;
    let (bits, std) = (reconstruction.bits_per_dim, reconstruction.decoder_std);
    writeln!(stdout(), "−log₂ p(x) of the VAE ≤ {bits:.3} bits per dimension, σ = {std:.3}")?;
    reconstruction.write(&mut out)?;
    let names = reconstruction.columns.iter().skip(1).map(|(name, _)| *name);
    print_fidelity(&reconstruction.fidelity, names)
}

/// Prints the mean PSNR of each column.
pub(super) fn print_fidelity(
    fidelity: &Fidelity,
    names: impl Iterator<Item = &'static str>,
) -> Result<()> {
    for name in names {
        writeln!(stdout(), "{name}: mean PSNR {:.2} dB", fidelity.mean[name])?;
    }
    Ok(())
}
