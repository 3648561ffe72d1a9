//! The table of an ablation: a CSV file of all runs, and a page with means and standard deviations
//! over seeds.

use std::fmt::Write;
use std::path::Path;

use ebm_files::csv::quoted;
use ebm_files::write_file;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use super::outcome::Outcome;
use crate::{Result, RunError};

const TEMPLATE: &str = include_str!("ablations.html");

/// The cases of one base.
#[derive(Debug, PartialEq, Serialize)]
struct Group {
    base: String,
    measures: Vec<String>,
    rows: Vec<Row>,
    pictures: Vec<Picture>,
}

/// The picture of a run.
#[derive(Debug, PartialEq, Serialize)]
struct Picture {
    path: String,
    case: String,
    seed: u64,
}

/// A case: means and standard deviations over the seeds that did not diverge.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    case: String,
    runs: usize,
    diverged: usize,
    gradients: String,
    seconds: String,
    cells: Vec<String>,
}

pub(super) fn write(folder: &Path, outcomes: &[&Outcome], seconds: f64) -> Result<()> {
    let save = |name: &str, text: &str| {
        Ok::<_, RunError>(write_file(&folder.join(name), text.as_bytes())?)
    };
    save("ablations.csv", &csv(outcomes))?;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let values = context! {
        groups => Serde(groups(outcomes)),
        runs => outcomes.len(),
        diverged => outcomes.iter().filter(|o| o.diverged.is_some()).count(),
        minutes => format!("{:.1}", seconds / 60.0),
        version => env!("CARGO_PKG_VERSION"),
    };
    let page = environment
        .template_from_str(TEMPLATE)
        .and_then(|template| template.render(values))
        .map_err(|error| RunError::Render(error.into()))?;
    save("ablations.html", &page)
}

/// Returns one line for each measure of each run.
fn csv(outcomes: &[&Outcome]) -> String {
    let mut text = String::from("base,case,seed,diverged,seconds,gradients,measure,value\n");
    for outcome in outcomes {
        let run = format!(
            "{},{},{},{},{:.1},{}",
            quoted(&outcome.base),
            quoted(&outcome.case),
            outcome.seed,
            quoted(outcome.diverged.as_deref().unwrap_or("")),
            outcome.seconds,
            outcome.gradients
        );
        // A run without measures has a line as well.
        let measures: Vec<_> =
            outcome.measures.iter().map(|(name, &x)| (&**name, Some(x))).collect();
        let measures = if measures.is_empty() { vec![("", None)] } else { measures };
        for (name, value) in measures {
            let value = value.map_or_else(String::new, |value| value.to_string());
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{run},{},{value}", quoted(name));
        }
    }
    text
}

/// Returns the groups in the order of their first runs.
fn groups(outcomes: &[&Outcome]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for base in distinct(outcomes.iter().map(|o| &*o.base)) {
        let of_base: Vec<_> = outcomes.iter().copied().filter(|o| o.base == base).collect();
        let measures = distinct(of_base.iter().flat_map(|o| o.measures.keys().map(String::as_str)));
        let measures: Vec<String> = measures.into_iter().map(Into::into).collect();
        let rows = distinct(of_base.iter().map(|o| &*o.case))
            .into_iter()
            .map(|case| {
                let runs: Vec<_> = of_base.iter().filter(|o| o.case == case).copied().collect();
                row(case, &runs, &measures)
            })
            .collect();
        let picture = |o: &&Outcome| {
            Some(Picture { path: o.picture.clone()?, case: o.case.clone(), seed: o.seed })
        };
        let pictures = of_base.iter().filter_map(picture).collect();
        groups.push(Group { base: base.into(), measures, rows, pictures });
    }
    groups
}

fn row(case: &str, runs: &[&Outcome], measures: &[String]) -> Row {
    let ended: Vec<_> = runs.iter().filter(|run| run.diverged.is_none()).collect();
    let over = |value: &dyn Fn(&Outcome) -> Option<f64>| {
        spread(&ended.iter().filter_map(|run| value(run)).collect::<Vec<_>>())
    };
    Row {
        case: case.into(),
        runs: runs.len(),
        diverged: runs.len() - ended.len(),
        gradients: runs
            .first()
            .map_or_else(String::new, |run| format!("{:.1}", run.gradients as f64 / 1e6)),
        seconds: over(&|run| Some(run.seconds)),
        cells: measures.iter().map(|name| over(&|run| run.measures.get(name).copied())).collect(),
    }
}

/// Formats mean ± standard deviation; a dash without values.
fn spread(values: &[f64]) -> String {
    let n = values.len() as f64;
    if values.is_empty() {
        return "–".into();
    }
    let mean = values.iter().sum::<f64>() / n;
    if values.len() == 1 {
        return short(mean);
    }
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    format!("{} ± {}", short(mean), short(variance.sqrt()))
}

/// Formats a value with about three digits.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(case: &str, seed: u64, value: Option<f64>) -> Outcome {
        Outcome {
            base: "b".into(),
            case: case.into(),
            seed,
            diverged: value.is_none().then(|| "iteration 3, \"at\" step 1".into()),
            seconds: 2.0,
            gradients: 3_000_000,
            measures: value.map(|value| ("KL".into(), value)).into_iter().collect(),
            picture: None,
        }
    }

    #[test]
    fn means_leave_diverged_runs_out_and_count_them() {
        let outcomes =
            [outcome("x", 0, Some(1.0)), outcome("x", 1, Some(3.0)), outcome("x", 2, None)];
        let outcomes: Vec<_> = outcomes.iter().collect();
        let row = &groups(&outcomes)[0].rows[0];
        assert_eq!((row.runs, row.diverged, &*row.cells[0]), (3, 1, "2.00 ± 1.41"));
        assert_eq!((&*row.gradients, &*row.seconds), ("3.0", "2.00 ± 0.000"));
        let text = csv(&outcomes);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[1], "\"b\",\"x\",0,\"\",2.0,3000000,\"KL\",1");
        assert!(lines[3].contains("\"iteration 3, \"\"at\"\" step 1\""), "{}", lines[3]);
    }
}
