use super::*;

use ebm_noise::Key;

fn gaussian(mean: [f64; 2], std: [f64; 2]) -> impl Fn(&[f64; 2]) -> f64 {
    move |x| {
        let z = [(x[0] - mean[0]) / std[0], (x[1] - mean[1]) / std[1]];
        -0.5 * (z[0] * z[0] + z[1] * z[1]) - (TAU * std[0] * std[1]).ln()
    }
}

fn on(grid: &Grid, log_density: impl Fn(&[f64; 2]) -> f64) -> Vec<f64> {
    grid.points().iter().map(log_density).collect()
}

fn normal_draws(n: usize, mean: [f64; 2], std: [f64; 2], key: Key) -> Vec<[f64; 2]> {
    let draw = |row| {
        let mut x = mean;
        key.normal_row(row, 2, |_, z| {
            (0..2).for_each(|i| x[i] += std[i] * f64::from(z[i]));
        });
        x
    };
    (0..n as u32).map(draw).collect()
}

/// Cells are ordered row by row from the lower left corner.
#[test]
fn points_of_a_small_grid() {
    let grid = Grid::new(-1.0, 3.0, 2).unwrap();
    assert_eq!(grid.points(), [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]]);
    assert_eq!((grid.low(), grid.high(), grid.cells(), grid.width()), (-1.0, 3.0, 2, 2.0));
}

/// U = 500 + ‖x − μ‖²/(2σ²), whose normaliser would underflow.
#[test]
fn an_energy_is_normalised() {
    let grid = Grid::new(-1.0, 1.0, 100).unwrap();
    let exact = on(&grid, gaussian([0.1, -0.2], [0.1, 0.05]));
    let shifted: Vec<f64> = exact.iter().map(|log| log - 1000.0).collect();
    for (got, exact) in grid.log_normalise(&shifted).unwrap().iter().zip(&exact) {
        assert!((got - exact).abs() < 1e-10, "{got} for {exact}");
    }
}

/// KL between Gaussians with diagonal covariances: Σ [ln(τ/σ) + (σ² + (μ − ν)²)/(2τ²) − ½].
#[test]
fn divergence_of_gaussians() {
    let grid = Grid::new(-1.0, 1.0, 200).unwrap();
    let (mean, std) = ([[0.1, -0.05], [-0.1, 0.15]], [[0.08, 0.12], [0.11, 0.07]]);
    let one_way = |p: usize, q: usize| {
        let axis = |i: usize| {
            let (s, t): (f64, f64) = (std[p][i], std[q][i]);
            let shift = mean[p][i] - mean[q][i];
            (t / s).ln() + (s * s + shift * shift) / (2.0 * t * t) - 0.5
        };
        axis(0) + axis(1)
    };
    let density = |i: usize| on(&grid, gaussian(mean[i], std[i]));
    for (p, q) in [(0, 1), (1, 0), (0, 0)] {
        let divergence = grid.kl(&density(p), &density(q)).unwrap();
        assert!((divergence - one_way(p, q)).abs() < 1e-9, "{divergence} for {}", one_way(p, q));
    }
}

/// Four cells of area ¼: p fills two of them; q fills three, including those of p; r misses one of
/// p's.
#[test]
fn cells_without_density() {
    let grid = Grid::new(0.0, 1.0, 2).unwrap();
    let none = f64::NEG_INFINITY;
    let (two, third) = (2.0_f64.ln(), (4.0_f64 / 3.0).ln());
    let (p, q, r) =
        ([two, two, none, none], [third, third, third, none], [none, third, third, third]);
    assert!((grid.kl(&p, &q).unwrap() - 1.5_f64.ln()).abs() < 1e-15);
    assert_eq!(grid.kl(&q, &p).unwrap(), f64::INFINITY);
    assert_eq!(grid.kl(&p, &r).unwrap(), f64::INFINITY);
    assert_eq!(grid.kl(&p, &p).unwrap(), 0.0);
}

/// One sample and the one spread evenly: both halves are known in every cell.
#[test]
fn one_sample_is_half_a_kernel() {
    let grid = Grid::new(-1.0, 1.0, 50).unwrap();
    let (sample, bandwidth) = ([0.313, -0.27], 0.06);
    let density = grid.sample_density(&[sample], bandwidth).unwrap();
    let kernel = gaussian(sample, [bandwidth; 2]);
    for (x, got) in grid.points().iter().zip(density) {
        let exact = 0.5 * kernel(x).exp() + 0.5 * 0.25;
        assert!((got.exp() - exact).abs() < 1e-11, "{x:?}: {} for {exact}", got.exp());
    }
}

/// Draws of N(μ, σ²) smoothed by b are N(μ, σ² + b²) up to noise, whose divergence is about the
/// number of kernels that fit side by side, divided by 2N: some dozens over 400 000.
#[test]
fn smoothed_gaussian_draws_are_the_wider_gaussian() {
    let grid = Grid::new(-1.0, 1.0, 100).unwrap();
    let (mean, std, bandwidth) = ([0.1, -0.1], [0.15, 0.1], 0.05);
    let draws = normal_draws(200_000, mean, std, Key::new(4));
    let smoothed = grid.sample_density(&draws, bandwidth).unwrap();
    let wider = std.map(|std: f64| std.hypot(bandwidth));
    let divergence = grid.kl(&on(&grid, gaussian(mean, wider)), &smoothed).unwrap();
    assert!((0.0..2e-4).contains(&divergence), "{divergence}");
    let unsmoothed = grid.kl(&on(&grid, gaussian(mean, std)), &smoothed).unwrap();
    assert!(unsmoothed > 1e-2, "{unsmoothed}");
}

/// Half of the samples are out of reach, so half of the mass is missing.
#[test]
fn samples_off_the_grid_are_missing() {
    let grid = Grid::new(-1.0, 1.0, 50).unwrap();
    let samples = [[[0.0, 0.0], [9.0, 0.0]], [[0.0, -1e300], [0.2, 0.1]]].concat().repeat(500);
    let density = grid.sample_density(&samples, 0.05).unwrap();
    let mass: f64 = density.iter().map(|log| log.exp()).sum::<f64>() * grid.area();
    // One of 2001 is spread evenly.
    assert!((mass - 1001.0 / 2001.0).abs() < 1e-9, "{mass}");
}

#[test]
fn impossible_questions() {
    for (low, high, cells) in [(1.0, 1.0, 5), (2.0, 1.0, 5), (0.0, f64::NAN, 5), (0.0, 1.0, 0)] {
        let error = Grid::new(low, high, cells).unwrap_err();
        assert!(matches!(error, GridError::NoArea { .. }), "{error}");
    }
    let grid = Grid::new(0.0, 1.0, 2).unwrap();
    let length = GridError::Length { what: "q", found: 3, expected: 4 };
    assert_eq!(grid.kl(&[0.0; 4], &[0.0; 3]), Err(length));
    let value = GridError::Value { what: "p", cell: 1, value: f64::INFINITY };
    assert_eq!(grid.kl(&[0.0, f64::INFINITY, 0.0, 0.0], &[0.0; 4]), Err(value));
    assert_eq!(grid.log_normalise(&[f64::NEG_INFINITY; 4]), Err(GridError::NoMass));
    assert!(grid.log_normalise(&[0.0, 0.0, f64::NAN, 0.0]).is_err());
    assert_eq!(grid.sample_density(&[], 0.5), Err(GridError::NoSamples));
    let bandwidth = GridError::Bandwidth { bandwidth: 0.4, least: 0.5 };
    assert_eq!(grid.sample_density(&[[0.0; 2]], 0.4), Err(bandwidth));
    assert!(grid.sample_density(&[[0.0; 2]], f64::INFINITY).is_err());
    let error = grid.sample_density(&[[0.0; 2], [0.0, f64::NAN]], 0.5).unwrap_err();
    assert_eq!(error.to_string(), "sample 1 is [0, NaN], expected finite coordinates");
}
