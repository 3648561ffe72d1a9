//! The table as a page that needs no other file and no network.

use anyhow::Result;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use crate::plots::{against_chains, by_kernel};
use crate::row::Row;

const TEMPLATE: &str = include_str!("page.html");

/// The rows of a target on a backend.
#[derive(Serialize)]
struct Section {
    title: String,
    plots: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The number of leading columns that are in the title of a section.
const TITLE: usize = 3;

pub(crate) fn render(rows: &[Row]) -> Result<String> {
    let sections: Vec<Section> = rows
        .chunk_by(|a, b| (&a.cell.device, a.cell.target) == (&b.cell.device, b.cell.target))
        .map(|rows| {
            Ok(Section {
                title: format!(
                    "{} of {} ({})",
                    rows[0].cell.target, rows[0].cell.dim, rows[0].cell.device
                ),
                plots: vec![
                    by_kernel("Effective draws per second", rows, |row| row.ess_per_s)?,
                    by_kernel("Effective draws per gradient", rows, |row| row.ess_per_gradient)?,
                    against_chains("Transitions per second", rows, |row| row.transitions_per_s)?,
                ],
                rows: rows.iter().map(|row| row.fields()[TITLE..].to_vec()).collect(),
            })
        })
        .collect::<Result<_>>()?;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let page = environment.template_from_str(TEMPLATE)?.render(context! {
        version => env!("CARGO_PKG_VERSION"),
        threads => rayon::current_num_threads(),
        header => Row::HEADER[TITLE..].iter().map(|name| name.replace('_', " ")).collect::<Vec<_>>(),
        sections => Serde(sections),
    })?;
    Ok(page)
}
