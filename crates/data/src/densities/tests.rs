use std::f64::consts::TAU;

use super::*;

/// Centres of `cells`² equal squares that fill [`low`, `high`]², and their area.
fn midpoints(low: f64, high: f64, cells: usize) -> (impl Iterator<Item = [f64; 2]>, f64) {
    let side = (high - low) / cells as f64;
    let at = move |i: usize| low + (i as f64 + 0.5) * side;
    ((0..cells * cells).map(move |i| [at(i % cells), at(i / cells)]), side * side)
}

fn mass(density: Density, low: f64, high: f64, cells: usize) -> f64 {
    let (points, area) = midpoints(low, high, cells);
    points.map(|x| density.log_density(x).exp()).sum::<f64>() * area
}

/// The midpoint rule is exact to rounding for Gaussians two cells wide, and for the board since its
/// edges are edges of cells.
#[test]
fn all_mass_is_one_and_lies_within_the_range() {
    for density in Density::ALL {
        let all = mass(density, -1.5, 1.5, 300);
        assert!((all - 1.0).abs() < 1e-12, "{density}: {all}");
        let within = mass(density, -1.0, 1.0, 200);
        assert!(within > 1.0 - 1e-6, "{density}: {within}");
    }
}

/// Pearson's statistic of draws in 40 × 40 cells of [−1, 1]², of which those that expect fewer than
/// five draws are taken together, and its 0.9999 quantile (Wilson and Hilferty 1931).
fn chi_square(density: Density, draws: &[[f64; 2]]) -> (f64, f64) {
    const CELLS: usize = 40;
    const PARTS: usize = 10;
    let cell = |x: [f64; 2]| {
        let [column, row] = x.map(|x| ((x + 1.0) / 2.0 * CELLS as f64).clamp(0.0, 39.0) as usize);
        row * CELLS + column
    };
    let (mut counts, mut expected) = (vec![0.0; CELLS * CELLS], vec![0.0; CELLS * CELLS]);
    draws.iter().for_each(|&x| counts[cell(x)] += 1.0);
    let (points, area) = midpoints(-1.0, 1.0, CELLS * PARTS);
    let share = area * draws.len() as f64;
    points.for_each(|x| expected[cell(x)] += share * density.log_density(x).exp());
    let (mut statistic, mut cells, mut rest) = (0.0, 0.0, [0.0, 0.0]);
    for (count, expected) in counts.into_iter().zip(expected) {
        if expected < 5.0 {
            rest[0] += count;
            rest[1] += expected;
        } else {
            statistic += (count - expected).powi(2) / expected;
            cells += 1.0;
        }
    }
    if rest[1] < 5.0 {
        // Bins with an expectation near 0 may hold almost no draws.
        assert!(rest[0] < 20.0, "{density}: {rest:?}");
    } else {
        statistic += (rest[0] - rest[1]).powi(2) / rest[1];
        cells += 1.0;
    }
    let spread: f64 = 2.0 / (9.0 * (cells - 1.0));
    (statistic, (cells - 1.0) * (1.0 - spread + 3.719 * spread.sqrt()).powi(3))
}

#[test]
fn draws_follow_the_density() {
    for density in Density::ALL {
        let draws = density.sample(100_000, Key::new(11));
        let (statistic, limit) = chi_square(density, &draws);
        assert!(statistic < limit, "{density}: {statistic} of at most {limit}");
        // The test sees an error of a hundredth.
        let shifted: Vec<_> = draws.iter().map(|x| [x[0] + 0.01, x[1]]).collect();
        if density != Density::Checkerboard {
            let (statistic, limit) = chi_square(density, &shifted);
            assert!(statistic > limit, "{density}, shifted: {statistic}");
        }
    }
}

/// log p at a centre: the other components are 6.1 standard deviations away or more.
#[test]
fn a_gaussian_of_the_eight() {
    let log_density = Density::EightGaussians.log_density([0.6, 0.0]);
    let neighbours = 2.0 * (-0.5 * (0.6 / 0.075 * 2.0 * (TAU / 16.0).sin()).powi(2)).exp();
    let expected = (1.0_f64 / (8.0 * TAU * 0.005_625)).ln() + neighbours;
    assert!((log_density - expected).abs() < 1e-12, "{log_density}");
}

#[test]
fn the_board_is_uniform_and_nothing_else() {
    let board = Density::Checkerboard;
    for x in [[-0.79, -0.79], [-0.41, 0.39], [0.0, 0.2], [0.79, 0.41]] {
        assert!((board.log_density(x) + 1.28_f64.ln()).abs() < 1e-14, "{x:?}");
    }
    for x in [[-0.79, -0.01], [0.0, -0.2], [0.81, 0.79], [-1.2, 0.0], [9.0, 9.0]] {
        assert_eq!(board.log_density(x), f64::NEG_INFINITY, "{x:?}");
    }
    let draws = board.sample(10_000, Key::new(5));
    assert!(draws.iter().all(|&x| board.log_density(x).is_finite()));
}

/// Far away the logarithm does not underflow with the density.
#[test]
fn far_away() {
    for density in [Density::TwoMoons, Density::EightGaussians, Density::Rings] {
        let far = density.log_density([40.0, -30.0]);
        assert!(far.is_finite() && far < -1e5, "{density}: {far}");
    }
}

#[test]
fn draws_depend_on_the_key_and_the_row() {
    let device = Device::flex();
    for density in Density::ALL {
        let (key, other) = (Key::new(3).fold(1), Key::new(3).fold(2));
        let many = density.sample(50, key);
        assert_eq!(density.sample(20, key), many[..20]);
        assert_eq!(density.sample(30, key.skip_rows(20)), many[20..]);
        assert!(density.sample(50, other).iter().zip(&many).all(|(a, b)| a != b));
        let batch = density.batch(50, key, &device);
        assert_eq!(batch.dims(), [50, 2, 1, 1]);
        let expected: Vec<f32> = many.as_flattened().iter().map(|&x| x as f32).collect();
        assert_eq!(batch.into_data().iter::<f32>().collect::<Vec<_>>(), expected);
        assert!(density.sample(0, key).is_empty());
    }
}

#[test]
fn names_are_read_back() {
    for density in Density::ALL {
        assert_eq!(density.to_string().parse::<Density>().unwrap(), density);
    }
    let error = "moons".parse::<Density>().unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown density `moons`; known: two-moons, eight-gaussians, rings, checkerboard"
    );
}
