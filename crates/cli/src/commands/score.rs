//! `ebm score`: the energies of images, and how well they separate two sets.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use ebm_run::tasks::energies::Summary;
use ebm_run::tasks::{Baseline, EnergyOptions};

use super::arguments::{COUNTS, DataArguments, TaskArguments, within};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of images, evenly spread over the data set.
    #[arg(long, default_value = "1000", value_parser = within(COUNTS))]
    count: usize,
    /// Compare with `noise` (uniform in [−1, 1]), `inverted` (−x) or another data set, of which the
    /// test split is used if there is one.
    #[arg(long, value_name = "noise|inverted|SET")]
    against: Option<String>,
    #[command(flatten)]
    data: DataArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("score")?;
    let mut options = EnergyOptions::new(arguments.count);
    options.against = arguments.against.map(|against| match against.as_str() {
        "noise" => Baseline::Noise,
        "inverted" => Baseline::Inverted,
        _ => Baseline::Set(against),
    });
    options.data = arguments.data.choice();
    let comparison = run.energies(&options)?;
    comparison.write(&mut out)?;
    let mut out = stdout();
    for set in std::iter::once(&comparison.set).chain(&comparison.against) {
        let Summary { set, images, mean, standard_deviation, quantiles, .. } = set.summary();
        let quantiles = quantiles.map(|value| format!("{value:.2}")).join(", ");
        writeln!(
            out,
            "{set}: {images} images, U = {mean:.2} ± {standard_deviation:.2}, quantiles {quantiles}"
        )?;
    }
    if let (Some(against), Some(area)) = (&comparison.against, comparison.auroc) {
        let (one, other) = (&comparison.set.set, &against.set);
        writeln!(out, "AUROC {area:.4}: U of {other} above U of {one}")?;
    }
    Ok(())
}
