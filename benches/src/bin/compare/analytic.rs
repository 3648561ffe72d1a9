//! Langevin on analytic targets beside PyTorch, torchebm, JAX and BlackJAX programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::measure::{bench, machine, median, number, peer};

/// The chain-steps per second in each round, by target, scale and library.
type Rates = BTreeMap<(String, String, String), Vec<f64>>;

pub(crate) fn run(peers: &Path, rounds: usize) -> Result<String> {
    let mut rates = Rates::new();
    for round in 1..=rounds {
        eprintln!("compare: round {round} of {rounds}");
        for line in bench("analytic", &[])? {
            note(&mut rates, &line)?;
        }
        for line in peer(peers, "langevin_analytic.py", "--rounds 5")? {
            note(&mut rates, &line)?;
        }
    }
    let mut text = format!(
        "# Langevin on analytic targets\n\nMillions of chain-steps per second, medians of {rounds} rounds; in brackets our \
         rate over theirs, the median of the rounds' ratios. All compute x ← x − h·∇U + √(2h)·ε with h = 0.01; BlackJAX's MALA \
         has an acceptance step in addition.\n\n- command: `cargo xtask bench peers --rounds {rounds} --peers DIR`\n- machine: \
         {}\n\n| target | chains × dimensions | ebm, fused | {} |\n|---|---|---|{}\n",
        machine(),
        libraries(&rates).join(" | "),
        "---|".repeat(libraries(&rates).len()),
    );
    let rows: Vec<(String, String)> = rates
        .keys()
        .filter(|key| key.2 == OURS)
        .map(|(target, scale, _)| (target.clone(), scale.clone()))
        .collect();
    for (target, scale) in rows {
        let key = |library: &str| (target.clone(), scale.clone(), library.to_owned());
        let ours = &rates[&key(OURS)];
        write!(text, "| {target} | {scale} | {:.2} |", rate(ours)?)?;
        for library in libraries(&rates) {
            let Some(theirs) = rates.get(&key(&library)) else {
                write!(text, " – |")?;
                continue;
            };
            let ratio = median(ours.iter().zip(theirs).map(|(ours, theirs)| Ok(ours / theirs)))?;
            write!(text, " {:.2} ({ratio:.1}×) |", rate(theirs)?)?;
        }
        writeln!(text)?;
    }
    Ok(text)
}

const OURS: &str = "ebm_fused";

fn note(rates: &mut Rates, line: &Value) -> Result<()> {
    let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let scale = format!("{} × {}", line["chains"], line["dim"]);
    let rate = number(line, "chain_steps_per_s")?;
    rates.entry((text("pot"), scale, text("lib"))).or_default().push(rate);
    Ok(())
}

fn libraries(rates: &Rates) -> Vec<String> {
    let mut libraries: Vec<String> =
        rates.keys().map(|key| key.2.clone()).filter(|library| library != OURS).collect();
    libraries.sort();
    libraries.dedup();
    libraries
}

fn rate(rates: &[f64]) -> Result<f64> {
    Ok(median(rates.iter().map(|&rate| Ok(rate)))? * 1e-6)
}
