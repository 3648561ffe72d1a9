//! The inception score: a classifier's certainty about each sample and variety over all.

use crate::{FeatureSet, MetricsError, Spread};

/// The tolerance of the sum of a row, which is normalised; a sum further from 1 is not a rounding
/// error.
const ROUNDING: f64 = 1e-3;

/// Computes the inception score exp(mean KL(p(y|x) ‖ p(y))) of equal parts of the samples, in their
/// order (Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, NeurIPS 2016). It ranges from 1, if
/// all rows are equal, to the number of classes, if each row is certain and all classes are equally
/// frequent. Each part has its own p(y); 10 parts are usual.
///
/// # Shapes
/// - `probabilities`: one row for each sample, p(y|x) of every class
///
/// # Errors
/// [`MetricsError::NotADistribution`]; [`MetricsError::TooFew`] if a part would be empty;
/// [`MetricsError::Range`] for zero parts.
pub fn inception_score(probabilities: &FeatureSet, parts: usize) -> Result<Spread, MetricsError> {
    MetricsError::check_range("parts", parts, parts > 0, "1 or more")?;
    let (len, classes) = (probabilities.len(), probabilities.dim());
    let reason = || format!("each of {parts} parts needs a sample");
    MetricsError::check_rows("an inception score", len, parts, reason)?;
    let rows = probabilities.rows().enumerate().map(|(index, row)| distribution(index, row));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let score = |part: usize| {
        let rows = &rows[part * len / parts..(part + 1) * len / parts];
        let mean = |class: usize| {
            rows.iter().map(|row: &Vec<f64>| row[class]).sum::<f64>() / rows.len() as f64
        };
        let marginal: Vec<f64> = (0..classes).map(mean).collect();
        let divergence = |row: &Vec<f64>| -> f64 {
            let terms = row.iter().zip(&marginal).filter(|(p, _)| **p > 0.0);
            terms.map(|(p, q)| p * (p / q).ln()).sum()
        };
        (rows.iter().map(divergence).sum::<f64>() / rows.len() as f64).exp()
    };
    Ok(Spread::of(&(0..parts).map(score).collect::<Vec<_>>()))
}

fn distribution(row: usize, values: &[f32]) -> Result<Vec<f64>, MetricsError> {
    let sum: f64 = values.iter().map(|&p| f64::from(p)).sum();
    let problem = match values.iter().find(|p| **p < 0.0) {
        Some(p) => format!("it holds {p}"),
        None if (sum - 1.0).abs() > ROUNDING => format!("its sum is {sum}"),
        None => return Ok(values.iter().map(|&p| f64::from(p) / sum).collect()),
    };
    Err(MetricsError::NotADistribution { row, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(classes: usize, values: &[f32], parts: usize) -> Result<Spread, MetricsError> {
        inception_score(&FeatureSet::new(classes, values.to_vec()).unwrap(), parts)
    }

    #[test]
    fn from_one_to_the_number_of_classes() {
        let sure = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        let spread = score(3, &sure, 1).unwrap();
        assert!((spread.mean - 3.0).abs() < 1e-12, "{spread:?}");
        let alike = score(2, &[0.25, 0.75].repeat(4), 2).unwrap();
        assert!((alike.mean - 1.0).abs() < 1e-12 && alike.standard_deviation == 0.0, "{alike:?}");
        // One part has both classes, the other one of them.
        let parts = score(2, &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0], 2).unwrap();
        assert!((parts.mean - 1.5).abs() < 1e-12, "{parts:?}");
        assert!((parts.standard_deviation - 0.5).abs() < 1e-12, "{parts:?}");
    }

    #[test]
    fn what_is_refused() {
        let refused = |values: &[f32], parts| score(2, values, parts).unwrap_err().to_string();
        assert!(refused(&[0.5, 0.5, 0.5, 0.6], 1).contains("row 1 is not a distribution: its sum"));
        assert!(refused(&[1.5, -0.5], 1).contains("it holds -0.5"));
        assert!(refused(&[0.5, 0.5], 2).contains("each of 2 parts needs a sample"));
        assert!(refused(&[0.5, 0.5], 0).contains("parts is 0"));
    }
}
