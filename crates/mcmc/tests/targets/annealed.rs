//! Langevin along falling temperatures, from far away: the last positions are draws of the target.

use burn::tensor::{Device, Tensor, TensorData};
use ebm_mcmc::diagnostics::Draws;
use ebm_mcmc::{Key, Langevin, anneal};
use ebm_targets::{DoubleWell, Mixture};

use crate::Case;

const DRAWS: usize = 2000;

/// Returns the last positions of chains that start at `start` in every coordinate, each as a chain
/// of equal draws.
fn last_positions(case: &Case, start: f64, temperatures: &[f64], steps: usize) -> Draws {
    let dim = case.target.dim();
    let start = Tensor::<2>::full([DRAWS, dim], start, &Device::flex());
    let step = 0.25 * case.scale;
    let kernel_at = |temperature: f64| Langevin::new(step * temperature.sqrt());
    let end = anneal(kernel_at, &case.target, start, temperatures, steps, Key::new(8));
    let end: TensorData = end.expect("finite").unsqueeze_dim::<3>(1).repeat_dim(1, 4).into_data();
    Draws::new(end.iter::<f64>().collect(), &[DRAWS, 4, dim]).expect("valid")
}

/// Returns temperatures from `hottest` down to 1.
fn ladder(hottest: f64, rungs: usize) -> Vec<f64> {
    (0..rungs).map(|i| hottest.powf(1.0 - i as f64 / (rungs - 1) as f64)).collect()
}

fn finds(case: &Case, start: f64, hottest: f64, steps: usize) {
    let samples = last_positions(case, start, &ladder(hottest, 10), steps);
    case.assert_close("annealed Langevin", &samples);
    // Without the ladder, as many steps at the temperature of the target do not reach it.
    let worst = case.worst(&last_positions(case, start, &[1.0], 10 * steps));
    assert!(worst > 4.0, "{}: no ladder was needed", case.target.name());
}

#[test]
fn annealing_finds_all_modes_of_a_mixture() {
    let target = Box::new(Mixture::ring(8, 4.0, 0.5).expect("valid"));
    finds(&Case { target, scale: 0.5, spread: 1 }, 6.0, 40.0, 150);
}

#[test]
fn annealing_finds_both_wells() {
    let target = Box::new(DoubleWell::new(2, 5.0).expect("valid"));
    finds(&Case { target, scale: 0.16, spread: 1 }, 2.0, 10.0, 200);
}
