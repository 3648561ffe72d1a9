//! The area under the receiver operating characteristic: how well a value separates two sets.

/// Computes the probability that the value of a random positive exceeds that of a random negative,
/// ties counting half (Mann and Whitney 1947): 1 if every positive is above every negative, ½ if
/// the values carry no information, 0 if the order is reversed. Returns `None` if a set is empty or
/// a value is NaN.
///
/// For out-of-distribution detection by an energy, the negatives are U of data and the positives U
/// of outliers.
pub fn auroc(negatives: &[f64], positives: &[f64]) -> Option<f64> {
    let all = negatives.iter().chain(positives);
    if negatives.is_empty() || positives.is_empty() || all.copied().any(f64::is_nan) {
        return None;
    }
    let mut sorted = negatives.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    // Twice the negatives below each positive plus the ties: exact up to 2⁵³ pairs.
    let doubled: u64 = positives
        .iter()
        .map(|value| {
            let below = sorted.partition_point(|negative| negative < value);
            let not_above = sorted.partition_point(|negative| negative <= value);
            (below + not_above) as u64
        })
        .sum();
    Some(doubled as f64 / 2.0 / (negatives.len() as f64 * positives.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        assert_eq!(auroc(&[1.0, 2.0], &[3.0, 4.0]), Some(1.0));
        assert_eq!(auroc(&[3.0, 4.0], &[1.0, 2.0]), Some(0.0));
        assert_eq!(auroc(&[1.0; 3], &[1.0; 5]), Some(0.5));
        // The six pairs: 2 > 1, 3 > 1 and 3 > 2 (twice) are right, 2 = 2 (twice) is a tie.
        assert_eq!(auroc(&[1.0, 2.0, 2.0], &[2.0, 3.0]), Some(5.0 / 6.0));
        assert_eq!(auroc(&[f64::NEG_INFINITY, 0.0], &[-0.0, f64::INFINITY]), Some(0.875));
    }

    #[test]
    fn nothing_to_compare() {
        assert_eq!(auroc(&[], &[1.0]), None);
        assert_eq!(auroc(&[1.0], &[]), None);
        assert_eq!(auroc(&[1.0, f64::NAN], &[1.0]), None);
        assert_eq!(auroc(&[1.0], &[f64::NAN]), None);
    }

    proptest! {
        #[test]
        fn equals_the_count_of_pairs(
            negatives in proptest::collection::vec(-4i32..4, 1..40),
            positives in proptest::collection::vec(-4i32..4, 1..40),
        ) {
            let values = |set: &[i32]| set.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
            let mut doubled = 0;
            for negative in &negatives {
                for positive in &positives {
                    doubled += 1 + (positive.cmp(negative) as i32);
                }
            }
            let pairs = (negatives.len() * positives.len()) as f64;
            let area = auroc(&values(&negatives), &values(&positives)).unwrap();
            prop_assert_eq!(area, f64::from(doubled) / 2.0 / pairs);
        }
    }
}
