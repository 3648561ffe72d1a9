//! A row of the table.

use ebm::mcmc::ChainError;
use ebm_files::csv;

use crate::measured::Measured;
use crate::quality::Quality;

/// The cell that a row is about.
pub(crate) struct CellName {
    pub(crate) device: String,
    pub(crate) target: &'static str,
    pub(crate) dim: usize,
    pub(crate) kernel: &'static str,
    pub(crate) chains: usize,
}

/// The result of a cell. Undefined values are NaN.
pub(crate) struct Row {
    pub(crate) cell: CellName,
    step_size: f64,
    transitions: usize,
    seconds: f64,
    pub(crate) transitions_per_s: f64,
    gradients: f64,
    values: f64,
    acceptance: f64,
    divergent: f64,
    tree_depth: f64,
    ess: f64,
    pub(crate) ess_per_s: f64,
    pub(crate) ess_per_gradient: f64,
    rhat: f64,
    mean_error: f64,
    variance_error: f64,
    /// The verdict: "mixed", "not mixed", "biased", or the reason why chains were stopped.
    pub(crate) verdict: String,
}

impl Row {
    pub(crate) const HEADER: [&str; 21] = [
        "device",
        "target",
        "dim",
        "kernel",
        "chains",
        "step_size",
        "transitions",
        "seconds",
        "transitions_per_s",
        "gradients_per_transition",
        "values_per_transition",
        "acceptance",
        "divergent",
        "tree_depth",
        "ess_bulk",
        "ess_per_s",
        "ess_per_gradient",
        "max_rhat",
        "mean_error_mcse",
        "variance_error_mcse",
        "verdict",
    ];

    pub(crate) fn new(
        cell: CellName,
        step_size: f64,
        result: Result<(Measured, Quality), ChainError>,
    ) -> Self {
        match result {
            Ok((measured, quality)) => Self::measured(cell, step_size, &measured, &quality),
            Err(error) => Self::stopped(cell, step_size, &error),
        }
    }

    fn measured(cell: CellName, step_size: f64, measured: &Measured, quality: &Quality) -> Self {
        let gradients = measured.gradients * measured.transitions as f64;
        let ess = quality.ess;
        Self {
            cell,
            step_size,
            transitions: measured.transitions,
            seconds: measured.seconds,
            transitions_per_s: measured.transitions as f64 / measured.seconds,
            gradients: measured.gradients,
            values: measured.values,
            acceptance: measured.acceptance,
            divergent: measured.divergent,
            tree_depth: measured.tree_depth,
            ess,
            ess_per_s: ess / measured.seconds,
            ess_per_gradient: if gradients > 0.0 { ess / gradients } else { f64::NAN },
            rhat: quality.rhat,
            mean_error: quality.mean_error,
            variance_error: quality.variance_error,
            verdict: quality.verdict().to_owned(),
        }
    }

    fn stopped(cell: CellName, step_size: f64, error: &ChainError) -> Self {
        Self {
            cell,
            step_size,
            transitions: 0,
            seconds: f64::NAN,
            transitions_per_s: f64::NAN,
            gradients: f64::NAN,
            values: f64::NAN,
            acceptance: f64::NAN,
            divergent: f64::NAN,
            tree_depth: f64::NAN,
            ess: f64::NAN,
            ess_per_s: f64::NAN,
            ess_per_gradient: f64::NAN,
            rhat: f64::NAN,
            mean_error: f64::NAN,
            variance_error: f64::NAN,
            verdict: error.to_string(),
        }
    }

    /// Formats the fields, in the order of [`HEADER`](Self::HEADER).
    pub(crate) fn fields(&self) -> [String; 21] {
        [
            self.cell.device.clone(),
            self.cell.target.to_owned(),
            self.cell.dim.to_string(),
            self.cell.kernel.to_owned(),
            self.cell.chains.to_string(),
            number(self.step_size),
            self.transitions.to_string(),
            number(self.seconds),
            number(self.transitions_per_s),
            number(self.gradients),
            number(self.values),
            number(self.acceptance),
            number(self.divergent),
            number(self.tree_depth),
            number(self.ess),
            number(self.ess_per_s),
            number(self.ess_per_gradient),
            number(self.rhat),
            number(self.mean_error),
            number(self.variance_error),
            self.verdict.clone(),
        ]
    }
}

/// Formats four significant digits; NaN is empty.
fn number(value: f64) -> String {
    if value.is_nan() {
        return String::new();
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// Formats a line for the header and one for each row.
pub(crate) fn table(rows: &[Row]) -> String {
    let header = csv::line(Row::HEADER);
    header + &rows.iter().map(|row| csv::line(row.fields())).collect::<String>()
}
