//! The loader of images beside a PyTorch program that does the same work.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::measure::{bench, machine, median, number, peer};

/// The values of each round, ours and theirs, by quantity and unit.
type Values = BTreeMap<(String, String), [Vec<f64>; 2]>;

pub(crate) fn run(rounds: usize) -> Result<String> {
    // Absolute: cargo runs a bench in the folder of its package.
    let photos =
        std::path::absolute("target/photographs").context("cannot tell where target is")?;
    let mut arguments = vec!["--photos".to_owned(), photos.display().to_string()];
    if let Some(data) = env::var_os("EBM_DATA") {
        let data = std::path::absolute(data).context("cannot tell where EBM_DATA is")?;
        arguments.extend(["--data".to_owned(), data.display().to_string()]);
    }
    let mut values = Values::new();
    for round in 1..=rounds {
        eprintln!("compare: round {round} of {rounds}");
        for line in bench("data", &arguments.iter().map(String::as_str).collect::<Vec<_>>())? {
            note(&mut values, 0, &line)?;
        }
        for line in peer(Path::new("scripts"), "loader_peer.py", &arguments.join(" "))? {
            note(&mut values, 1, &line)?;
        }
    }
    table(&values, rounds)
}

fn note(values: &mut Values, whose: usize, line: &Value) -> Result<()> {
    let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let value = number(line, "value")?;
    values.entry((text("what"), text("unit"))).or_default()[whose].push(value);
    Ok(())
}

fn table(values: &Values, rounds: usize) -> Result<String> {
    let mut text = format!(
        "# Loading images\n\nMedians of {rounds} rounds, in each of which our program and a \
         PyTorch program that does the same work\n(`scripts/loader_peer.py`) run alternately. Of \
         five passes over the images, the fastest counts.\nPyTorch does not verify checksums.\n\n- command: `EBM_DATA=DIR cargo xtask bench \
         data --rounds {rounds}`\n- machine: {}, {} threads\n\n| | unit | ebm | PyTorch |\n|---|---|---|---|\n",
        machine(),
        std::thread::available_parallelism()?,
    );
    for ((what, unit), [ours, theirs]) in values {
        let cell = |values: &[f64]| -> Result<String> {
            if values.is_empty() {
                return Ok("–".into());
            }
            let value = median(values.iter().map(|&value| Ok(value)))?;
            Ok(if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") })
        };
        writeln!(text, "| {what} | {unit} | {} | {} |", cell(ours)?, cell(theirs)?)?;
    }
    Ok(text)
}
