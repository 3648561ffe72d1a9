//! Every diagnostic equals that of ArviZ for the same draws; `data/make_diagnostics.py` wrote both.

use std::collections::BTreeMap;

use ebm_mcmc::diagnostics::{
    Draws, Summary, Trace, autocorrelation, autocovariance, bfmi, ess_bulk, ess_mean, ess_quantile,
    ess_sd, ess_tail, ess_unsplit, mcse_mean, mcse_quantile, mcse_sd, rhat, rhat_bulk, rhat_folded,
    rhat_plain, rhat_split,
};
use serde_json::Value;

/// The chains of each case.
fn cases() -> BTreeMap<&'static str, Draws> {
    let mut chains: BTreeMap<_, Vec<Vec<f64>>> = BTreeMap::new();
    for line in include_str!("data/diagnostics.csv").lines() {
        let (name, values) = line.split_once(',').expect("a name");
        let values = values.split(',').map(|x| x.parse().expect("a number")).collect();
        chains.entry(name).or_default().push(values);
    }
    let draws = |chains: Vec<Vec<f64>>| {
        let shape = [chains.len(), chains[0].len()];
        Draws::new(chains.concat(), &shape).expect("chains of one length")
    };
    chains.into_iter().map(|(name, chains)| (name, draws(chains))).collect()
}

fn computed(name: &str, trace: &Trace, draws: &Draws) -> Vec<f64> {
    let first = trace.chains().next().expect("a chain");
    let row = &Summary::new([("x", draws)]).rows[0];
    let four = |values: Vec<f64>| values[..4].to_vec();
    match name {
        "bfmi" => bfmi(trace),
        "autocovariance" => four(autocovariance(first)),
        "autocorrelation" => four(autocorrelation(first)),
        "mean" => vec![row.mean],
        "sd" => vec![row.sd],
        // The summary's columns are the functions' values.
        "rhat" => vec![rhat(trace), row.rhat],
        "ess_bulk" => vec![ess_bulk(trace), row.ess_bulk],
        "ess_tail" => vec![ess_tail(trace), row.ess_tail],
        "mcse_mean" => vec![mcse_mean(trace), row.mcse_mean],
        "rhat_bulk" => vec![rhat_bulk(trace)],
        "rhat_folded" => vec![rhat_folded(trace)],
        "rhat_split" => vec![rhat_split(trace)],
        "rhat_plain" => vec![rhat_plain(trace)],
        "ess_mean" => vec![ess_mean(trace)],
        "ess_sd" => vec![ess_sd(trace)],
        "ess_unsplit" => vec![ess_unsplit(trace)],
        "ess_quantile_0.1" => vec![ess_quantile(trace, 0.1)],
        "ess_quantile_0.5" => vec![ess_quantile(trace, 0.5)],
        "mcse_sd" => vec![mcse_sd(trace)],
        "mcse_quantile_0.1" => vec![mcse_quantile(trace, 0.1)],
        "mcse_quantile_0.5" => vec![mcse_quantile(trace, 0.5)],
        _ => panic!("{name} is not computed here"),
    }
}

/// Reads a number, or the name of one that JSON cannot hold.
fn number(value: &Value) -> f64 {
    let named = || value.as_str().expect("a number or a name").parse().expect("nan or inf");
    value.as_f64().unwrap_or_else(named)
}

/// Returns whether numbers differ by more than 10⁻⁹ of their size.
fn differs(got: f64, expected: f64) -> bool {
    if !got.is_finite() || !expected.is_finite() {
        return got != expected && !(got.is_nan() && expected.is_nan());
    }
    // An autocovariance may be nearly 0.
    (got - expected).abs() > 1e-9 * expected.abs() + 1e-13
}

#[test]
fn equal_arviz() {
    let answers: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(include_str!("data/diagnostics.json")).expect("JSON");
    let cases = cases();
    assert_eq!(answers.len(), cases.len());
    let (mut compared, mut wrong) = (0, Vec::new());
    for (case, draws) in &cases {
        let trace = draws.coordinate(0);
        for (name, answer) in &answers[*case] {
            let got = computed(name, &trace, draws);
            let expected: Vec<f64> = match answer {
                Value::Array(list) => list.iter().map(number).collect(),
                value => vec![number(value); got.len()],
            };
            assert_eq!(got.len(), expected.len(), "{case} {name}");
            compared += 1;
            if got.iter().zip(&expected).any(|(&got, &expected)| differs(got, expected)) {
                wrong.push(format!("{case} {name}: {got:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(compared, 19 * 21);
}

/// The comparison can fail.
#[test]
fn a_difference_is_detected() {
    assert!(differs(1.000_001, 1.0) && differs(f64::NAN, 1.0) && differs(1.0, f64::NAN));
    assert!(differs(f64::INFINITY, 1.0) && differs(1.0, f64::INFINITY));
    assert!(!differs(f64::NAN, f64::NAN) && !differs(1.0 + 1e-12, 1.0));
}
