//! `ebm eval`: measures samples of a run against a data set, in the features of a network.

use std::io::{Write, stdout};
use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};
use ebm_run::eval::{EvalEvent, EvalOptions, Metric, write};

use super::arguments::{
    COUNTS, ConditionArguments, StepArguments, TaskArguments, note_missing_energy, within,
};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// The feature network: pixels, digits, fashion, squeezenet=FILE, efficientnet-lite0=FILE or
    /// inception=FILE, with a file of weights.
    #[arg(long, value_name = "NAME[=FILE]")]
    features: String,
    /// The measures, separated by commas [default: fd,kid,pr,dc].
    #[arg(long, value_delimiter = ',', default_values = ["fd", "kid", "pr", "dc"], hide_default_value = true)]
    metrics: Vec<MetricName>,
    /// Number of samples, and the most images of the data set, evenly spread over it.
    #[arg(long, alias = "n", default_value = "5000", value_parser = within(COUNTS))]
    count: usize,
    #[command(flatten)]
    refinement: StepArguments,
    /// With `--class`, samples of that class are compared with images of it.
    #[command(flatten)]
    condition: ConditionArguments,
    /// Evaluate each class that the run learned: its samples against images of it.
    #[arg(long, conflicts_with = "class")]
    per_class: bool,
}

/// A kind of measures.
#[derive(Clone, Copy, ValueEnum)]
enum MetricName {
    /// Fréchet distance (FID, with pytorch-fid's Inception network).
    #[value(alias = "fid")]
    Fd,
    /// Kernel distance of subsets.
    Kid,
    /// Inception score, with networks that classify.
    Is,
    /// Improved precision and recall.
    Pr,
    /// Density and coverage.
    Dc,
    /// The share of the rarest class times the number of classes, with networks that classify.
    Rarest,
    /// The share of samples that show the requested class, of runs that learned classes.
    Accuracy,
}

impl From<MetricName> for Metric {
    fn from(name: MetricName) -> Self {
        match name {
            MetricName::Fd => Self::Fd,
            MetricName::Kid => Self::Kid,
            MetricName::Is => Self::Is,
            MetricName::Pr => Self::Pr,
            MetricName::Dc => Self::Dc,
            MetricName::Rarest => Self::Rarest,
            MetricName::Accuracy => Self::Accuracy,
        }
    }
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("eval")?;
    note_missing_energy(&run);
    let mut options = EvalOptions::new(arguments.features, arguments.count);
    options.metrics = arguments.metrics.into_iter().map(Metric::from).collect();
    options.steps = arguments.refinement.steps;
    options.condition = arguments.condition.choice();
    options.per_class = arguments.per_class;
    let lines = run.evaluate(&options, &mut print)?;
    Ok(write(&lines, &mut out)?)
}

/// Prints a measure as soon as it is computed.
pub(super) fn print(event: EvalEvent<'_>) -> ebm_run::Result<()> {
    let printed = match event {
        EvalEvent::Started { count, reference_count, reference, network } => writeln!(
            stdout(),
            "{count} samples against {reference_count} images of {reference}, features: {network}"
        ),
        EvalEvent::Measured(line) => writeln!(stdout(), "{:8} {}", line.samples, line.measure),
        _ => Ok(()),
    };
    printed.map_err(|source| ebm_run::RunError::Write {
        path: Path::new("standard output").into(),
        source: source.into(),
    })
}
