//! The table that one looks at first: one row for each coordinate of each variable.

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};

use super::stats::{mean, variance};
use super::{Draws, Trace, ess_bulk, ess_tail, mcse_mean, rhat};

/// The largest R̂ of chains that count as mixed (Vehtari et al. 2021, section 4).
pub const MAX_RHAT: f64 = 1.01;

/// The fewest effective draws per chain, in the bulk, of chains that count as mixed (Vehtari et al. 2021,
/// section 4).
pub const MIN_ESS_PER_CHAIN: f64 = 100.0;

/// Rows for all coordinates of some variables. Prints as an aligned table; [`Row`]s that have not mixed
/// are marked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// In the order of variables and coordinates.
    pub rows: Vec<Row>,
}

/// One coordinate. JSON has no NaN and no infinity: they are written as null there and read back as NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The variable's name, with the index of the coordinate if there are several: `x[0,2]`.
    pub name: String,
    /// Chains.
    pub chains: usize,
    /// Draws per chain.
    pub draws: usize,
    /// Of all draws.
    #[serde(deserialize_with = "null_is_nan")]
    pub mean: f64,
    /// Unbiased standard deviation of all draws.
    #[serde(deserialize_with = "null_is_nan")]
    pub sd: f64,
    /// Standard error of the mean, [`mcse_mean`].
    #[serde(deserialize_with = "null_is_nan")]
    pub mcse_mean: f64,
    /// [`ess_bulk`].
    #[serde(deserialize_with = "null_is_nan")]
    pub ess_bulk: f64,
    /// [`ess_tail`].
    #[serde(deserialize_with = "null_is_nan")]
    pub ess_tail: f64,
    /// [`rhat`].
    #[serde(deserialize_with = "null_is_nan")]
    pub rhat: f64,
}

impl Summary {
    /// Of named variables.
    pub fn new<'a>(variables: impl IntoIterator<Item = (&'a str, &'a Draws)>) -> Self {
        let of_variable = |(name, draws): (&str, &'a Draws)| {
            let rows = (0..draws.coordinates()).into_par_iter();
            rows.map(|i| Row::new(label(name, draws, i), &draws.coordinate(i))).collect::<Vec<_>>()
        };
        Self { rows: variables.into_iter().flat_map(of_variable).collect() }
    }

    /// Whether every row has mixed.
    pub fn mixed(&self) -> bool {
        self.rows.iter().all(Row::mixed)
    }
}

impl Row {
    fn new(name: String, trace: &Trace) -> Self {
        Self {
            name,
            chains: trace.chains().len(),
            draws: trace.draws(),
            mean: mean(trace.values()),
            sd: variance(trace.values()).sqrt(),
            mcse_mean: mcse_mean(trace),
            ess_bulk: ess_bulk(trace),
            ess_tail: ess_tail(trace),
            rhat: rhat(trace),
        }
    }

    /// Whether R̂ is at most [`MAX_RHAT`] and the bulk has at least [`MIN_ESS_PER_CHAIN`] effective draws
    /// per chain. What cannot be judged counts as not mixed: one chain, NaN, draws that are all equal.
    pub fn mixed(&self) -> bool {
        self.rhat <= MAX_RHAT && self.ess_bulk >= MIN_ESS_PER_CHAIN * self.chains as f64
    }
}

fn label(name: &str, draws: &Draws, coordinate: usize) -> String {
    let index: Vec<_> = draws.index(coordinate).iter().map(ToString::to_string).collect();
    if index.is_empty() { name.to_owned() } else { format!("{name}[{}]", index.join(",")) }
}

fn null_is_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        writeln!(
            f,
            "{:width$} {:>10} {:>10} {:>10} {:>9} {:>9} {:>7}",
            "", "mean", "sd", "mcse_mean", "ess_bulk", "ess_tail", "r_hat"
        )?;
        for row in &self.rows {
            let Row { name, ess_bulk, ess_tail, rhat, .. } = row;
            let [mean, sd, mcse] = [row.mean, row.sd, row.mcse_mean].map(number);
            write!(f, "{name:width$} {mean:>10} {sd:>10} {mcse:>10} ")?;
            write!(f, "{ess_bulk:>9.0} {ess_tail:>9.0} {rhat:>7.3}")?;
            writeln!(f, "{}", if row.mixed() { "" } else { "  not mixed" })?;
        }
        let unmixed = self.rows.iter().filter(|row| !row.mixed()).count();
        if unmixed > 0 {
            writeln!(
                f,
                "{unmixed} of {} not mixed: r_hat above {MAX_RHAT}, ess_bulk below \
                 {MIN_ESS_PER_CHAIN} per chain, or not defined",
                self.rows.len()
            )?;
        }
        Ok(())
    }
}

/// Four significant digits in at most ten characters.
fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = size.log10().floor();
    if (-3.0..5.0).contains(&exponent) {
        format!("{value:.*}", (3.0 - exponent).max(0.0) as usize)
    } else {
        format!("{value:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    /// Four chains of two coordinates; the second lies elsewhere in the last chain.
    fn half_mixed() -> Draws {
        let mut values = normals(6, 4 * 500 * 2);
        values[3000..].iter_mut().skip(1).step_by(2).for_each(|x| *x += 1.0);
        Draws::new(values, &[4, 500, 2]).expect("a valid shape")
    }

    #[test]
    fn rows_that_have_not_mixed_are_marked() {
        let draws = half_mixed();
        let summary = Summary::new([("x", &draws)]);
        assert!(summary.rows[0].mixed() && !summary.rows[1].mixed() && !summary.mixed());
        let table = summary.to_string();
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 4, "{table}");
        assert!(lines[1].starts_with("x[0] ") && !lines[1].contains("not mixed"), "{table}");
        assert!(lines[2].starts_with("x[1] ") && lines[2].ends_with("  not mixed"), "{table}");
        assert!(lines[3].starts_with("1 of 2 not mixed"), "{table}");
        // Aligned: the header ends where the numbers end.
        assert_eq!(lines[0].len(), lines[1].len());
        assert_eq!(lines[0].len() + "  not mixed".len(), lines[2].len());
    }

    #[test]
    fn too_few_effective_draws_have_not_mixed() {
        let draws = Draws::new(normals(6, 200), &[4, 50]).expect("a valid shape");
        let row = &Summary::new([("x", &draws)]).rows[0];
        assert_eq!(row.name, "x");
        assert!(row.ess_bulk > 100.0 && !Row { rhat: 1.0, ..row.clone() }.mixed());
        assert!(Row { rhat: 1.0, ess_bulk: 400.0, ..row.clone() }.mixed());
        assert!(!Row { rhat: 1.011, ess_bulk: 400.0, ..row.clone() }.mixed());
        assert!(!Row { rhat: f64::NAN, ess_bulk: 400.0, ..row.clone() }.mixed());
    }

    #[test]
    fn json_keeps_it_and_makes_null_of_nan() {
        let constant = Draws::new(vec![1.0; 16], &[4, 4]).expect("a valid shape");
        let draws = half_mixed();
        let summary = Summary::new([("c", &constant), ("x", &draws)]);
        let json = serde_json::to_string(&summary).expect("numbers and strings");
        assert!(json.contains(r#""rhat":null"#), "{json}");
        let back: Summary = serde_json::from_str(&json).expect("what was written");
        assert!(back.rows[0].rhat.is_nan());
        assert_eq!(back.rows[1].name, "x[0]");
        assert!((back.rows[1].rhat - summary.rows[1].rhat).abs() < 1e-15);
    }

    #[test]
    fn numbers_have_four_digits() {
        let cases = [
            (0.0, "0"),
            (1.0, "1.000"),
            (-12.3456, "-12.35"),
            (99_999.0, "99999"),
            (0.001_234_56, "0.001235"),
            (-1.5e-4, "-1.500e-4"),
            (123_456.0, "1.235e5"),
            (f64::NAN, "NaN"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
    }
}
