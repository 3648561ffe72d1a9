//! Eight Gaussians on a circle.

use std::f64::consts::FRAC_PI_4;

use super::dice::Dice;
use super::logarithms::{log_peak, log_sum_exp};

const COMPONENTS: usize = 8;
const RADIUS: f64 = 0.6;
/// The standard deviation, an eighth of the radius.
const STD: f64 = 0.075;

pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let terms = (0..COMPONENTS).map(|k| {
        let [a, b] = centre(k);
        -((x[0] - a).powi(2) + (x[1] - b).powi(2)) / (2.0 * STD * STD)
    });
    log_sum_exp(terms) + log_peak(STD) - (COMPONENTS as f64).ln()
}

pub(super) fn draw(dice: Dice) -> [f64; 2] {
    dice.gaussian(centre(dice.choice(0, COMPONENTS)), STD)
}

fn centre(k: usize) -> [f64; 2] {
    let (sin, cos) = (FRAC_PI_4 * k as f64).sin_cos();
    [RADIUS * cos, RADIUS * sin]
}
