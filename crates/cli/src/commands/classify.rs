//! `ebm classify`: a class-conditional energy as a classifier, p(c|x) ∝ exp(f(x, c)).

use std::io::{Write, stdout};

use anyhow::Result;
use clap::Args;
use ebm_run::tasks::{Classification, ClassifyOptions};

use super::arguments::{COUNTS, DataArguments, TaskArguments, within};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of images, evenly spread over the data set.
    #[arg(long, default_value = "1000", value_parser = within(COUNTS))]
    count: usize,
    /// Detect the images of another data set as outliers, by log Σ exp f(x, c).
    #[arg(long, value_name = "SET")]
    against: Option<String>,
    #[command(flatten)]
    data: DataArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("classify")?;
    let mut options = ClassifyOptions::new(arguments.count);
    options.against = arguments.against;
    options.data = arguments.data.choice();
    let classification = run.classify(&options)?;
    classification.write(&mut out)?;
    print(&classification)
}

fn print(classification: &Classification) -> Result<()> {
    let mut out = stdout();
    writeln!(out, "{}: {} images", classification.data, classification.images)?;
    for (name, c) in Classification::NAMES.iter().zip(&classification.calibration) {
        writeln!(
            out,
            "{name}: accuracy {:.4}, temperature {:.3}, log loss {:.3} nats, calibration error {:.3}",
            c.accuracy, c.temperature, c.log_loss, c.expected_calibration_error
        )?;
    }
    if let (Some(other), Some(area)) = (&classification.against, classification.auroc) {
        writeln!(out, "AUROC {area:.4}: log Σ exp f lower for {other}")?;
    }
    Ok(())
}
