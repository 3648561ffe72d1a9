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

/// One draw has a mean; the rest is undefined below four draws.
#[test]
fn few_draws_have_a_summary() {
    for draws in 1..=4 {
        let values = normals(6, 2 * draws);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let draws_of_two = Draws::new(values, &[2, draws]).expect("a valid shape");
        let summary = Summary::new([("x", &draws_of_two)]);
        let row = &summary.rows[0];
        assert!((row.mean - mean).abs() < 1e-12 && row.sd.is_finite());
        for diagnostic in [row.mcse_mean, row.ess_bulk, row.ess_tail, row.rhat] {
            assert_eq!(diagnostic.is_nan(), draws < 4, "{draws} draws: {summary}");
        }
        assert!(!summary.mixed());
    }
}

#[test]
fn json_keeps_it_and_makes_null_of_nan() {
    let constant = Draws::new(vec![1.0; 16], &[4, 4]).expect("a valid shape");
    let draws = half_mixed();
    let trajectories = TrajectorySummary::new(16, 1, vec![f64::NAN, 0.5]);
    let summary = Summary::new([("c", &constant), ("x", &draws)]).with_trajectories(trajectories);
    let json = serde_json::to_string(&summary).expect("numbers and strings");
    assert!(json.contains(r#""rhat":null"#), "{json}");
    let back: Summary = serde_json::from_str(&json).expect("as written");
    assert!(back.rows[0].rhat.is_nan());
    assert_eq!(back.rows[1].name, "x[0]");
    assert!((back.rows[1].rhat - summary.rows[1].rhat).abs() < 1e-15);
    let trajectories = back.trajectories.expect("written");
    assert!(trajectories.bfmi[0].is_nan());
    assert_eq!((trajectories.divergent, trajectories.bfmi[1]), (1, 0.5));
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
