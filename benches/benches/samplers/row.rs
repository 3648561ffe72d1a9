//! A row of the table.

use ebm::mcmc::ChainError;

use crate::cell::{Bench, Measured};
use crate::judge::Judgement;

/// What a cell came to. NaN stands for what is not defined.
pub(crate) struct Row {
    pub(crate) device: String,
    pub(crate) target: &'static str,
    pub(crate) dim: usize,
    pub(crate) kernel: &'static str,
    pub(crate) chains: usize,
    step_size: f64,
    transitions: usize,
    seconds: f64,
    pub(crate) transitions_per_s: f64,
    gradients: f64,
    values: f64,
    acceptance: f64,
    ess: f64,
    pub(crate) ess_per_s: f64,
    pub(crate) ess_per_gradient: f64,
    rhat: f64,
    mean_error: f64,
    variance_error: f64,
    /// "mixed", "not mixed", "biased", or why chains were stopped.
    pub(crate) verdict: String,
}

impl Row {
    pub(crate) const HEADER: [&str; 19] = [
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
        "ess_bulk",
        "ess_per_s",
        "ess_per_gradient",
        "max_rhat",
        "mean_error_mcse",
        "variance_error_mcse",
        "verdict",
    ];

    pub(crate) fn new(
        bench: &Bench<'_>,
        kernel: &'static str,
        step_size: f64,
        chains: usize,
        measured: Result<Measured, ChainError>,
    ) -> Self {
        let target = &*bench.case.target;
        let mut row = Self {
            device: bench.plan.name.to_string(),
            target: bench.case.name,
            dim: target.dim(),
            kernel,
            chains,
            step_size,
            transitions: 0,
            seconds: f64::NAN,
            transitions_per_s: f64::NAN,
            gradients: f64::NAN,
            values: f64::NAN,
            acceptance: f64::NAN,
            ess: f64::NAN,
            ess_per_s: f64::NAN,
            ess_per_gradient: f64::NAN,
            rhat: f64::NAN,
            mean_error: f64::NAN,
            variance_error: f64::NAN,
            verdict: String::new(),
        };
        match measured {
            Ok(measured) => row.fill(&measured, &Judgement::new(&measured.draws, target)),
            Err(error) => row.verdict = error.to_string(),
        }
        row
    }

    fn fill(&mut self, measured: &Measured, judgement: &Judgement) {
        let gradients = measured.gradients * measured.transitions as f64;
        (self.transitions, self.seconds) = (measured.transitions, measured.seconds);
        self.transitions_per_s = self.transitions as f64 / self.seconds;
        (self.gradients, self.values) = (measured.gradients, measured.values);
        (self.acceptance, self.ess) = (measured.acceptance, judgement.ess);
        self.ess_per_s = self.ess / self.seconds;
        self.ess_per_gradient = if gradients > 0.0 { self.ess / gradients } else { f64::NAN };
        self.rhat = judgement.rhat;
        self.mean_error = judgement.mean_error;
        self.variance_error = judgement.variance_error;
        self.verdict = judgement.verdict().to_owned();
    }

    /// As text, in the order of [`HEADER`](Self::HEADER).
    pub(crate) fn fields(&self) -> [String; 19] {
        [
            self.device.clone(),
            self.target.to_owned(),
            self.dim.to_string(),
            self.kernel.to_owned(),
            self.chains.to_string(),
            number(self.step_size),
            self.transitions.to_string(),
            number(self.seconds),
            number(self.transitions_per_s),
            number(self.gradients),
            number(self.values),
            number(self.acceptance),
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

/// Four significant digits; nothing for NaN.
fn number(value: f64) -> String {
    if value.is_nan() {
        return String::new();
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// A line for the header and one for each row.
pub(crate) fn csv(rows: &[Row]) -> String {
    let line = |fields: &[String]| {
        let quoted = fields.iter().map(|field| {
            let plain = !field.contains([',', '"', '\n']);
            if plain { field.clone() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
        });
        quoted.collect::<Vec<_>>().join(",") + "\n"
    };
    let header = line(&Row::HEADER.map(str::to_owned));
    header + &rows.iter().map(|row| line(&row.fields())).collect::<String>()
}
