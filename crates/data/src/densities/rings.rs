//! Concentric circles, blurred.

use std::f64::consts::TAU;

use super::bessel::i0_scaled;
use super::dice::Dice;
use super::logarithms::{log_peak, log_sum_exp};

const RADII: [f64; 4] = [0.2, 0.4, 0.6, 0.8];
/// FFJORD's 0.08 at an outermost radius of 3.
const STD: f64 = 0.08 * RADII[3] / 3.0;

/// A circle of radius r blurred by σ has the density (2πσ²)⁻¹·exp(−(ρ² + r²)/(2σ²))·I₀(ρr/σ²) at
/// the distance ρ from its centre (Rice 1945). The growth of I₀ is moved into the square.
pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let distance = x[0].hypot(x[1]);
    let terms = RADII.iter().map(|radius| {
        let square = (distance - radius).powi(2) / (2.0 * STD * STD);
        i0_scaled(distance * radius / (STD * STD)).ln() - square
    });
    log_sum_exp(terms) + log_peak(STD) - (RADII.len() as f64).ln()
}

pub(super) fn draw(dice: Dice) -> [f64; 2] {
    let radius = RADII[dice.choice(0, RADII.len())];
    let (sin, cos) = (TAU * dice.uniform(1)).sin_cos();
    dice.gaussian([radius * cos, radius * sin], STD)
}
