//! Standard normal numbers, many at a time, by basic arithmetic only.
//!
//! Logarithm, sine and cosine are implemented here: mathematical libraries differ in their last
//! bits, IEEE arithmetic does not, and the compiler vectorises it over sixteen lanes.

use std::f32::consts::{FRAC_PI_2, LN_2, SQRT_2};

use pulp::Arch;

use crate::philox::philox_4x32_10;

/// The number of Philox blocks that are computed together, one per lane.
pub const LANES: usize = 16;
/// The number of normal numbers that are computed together.
pub(crate) const BATCH: usize = 4 * LANES;

/// Computes the numbers `0..len` of a row: `visit(first, numbers)` receives at most [`BATCH`] at a
/// time, in order. `counter` returns the counter of block `i`, which holds the numbers
/// `4i..4i + 4`.
#[inline(always)]
pub(crate) fn for_each(
    len: usize,
    key: [u32; 2],
    counter: impl Fn(u32) -> [u32; 4],
    mut visit: impl FnMut(usize, &[f32]),
) {
    let mut numbers = [0.0; BATCH];
    for first in (0..len).step_by(BATCH) {
        let four = lanes(key, |lane| counter((first / 4 + lane) as u32));
        for (lane, numbers) in numbers.chunks_exact_mut(4).enumerate() {
            for (number, lanes) in numbers.iter_mut().zip(&four) {
                *number = lanes[lane];
            }
        }
        visit(first, &numbers[..BATCH.min(len - first)]);
    }
}

/// Returns the four numbers of each of [`LANES`] blocks, `[number][lane]`.
#[inline(always)]
pub(crate) fn lanes(key: [u32; 2], counter: impl Fn(usize) -> [u32; 4]) -> [[f32; LANES]; 4] {
    let mut words = [[0; LANES]; 4];
    for lane in 0..LANES {
        let block = philox_4x32_10(counter(lane), key);
        for (words, word) in words.iter_mut().zip(block) {
            words[lane] = word;
        }
    }
    let mut numbers = [[0.0; LANES]; 4];
    for pair in 0..2 {
        for lane in 0..LANES {
            let [a, b] = box_muller(words[2 * pair][lane], words[2 * pair + 1][lane]);
            numbers[2 * pair][lane] = a;
            numbers[2 * pair + 1][lane] = b;
        }
    }
    numbers
}

/// Calls `work` compiled for the machine's widest vectors; its results do not depend on them.
#[inline(always)]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

/// Returns two independent standard normal numbers from 64 random bits (Box and Muller 1958).
#[inline(always)]
fn box_muller(a: u32, b: u32) -> [f32; 2] {
    // (a + ½)·2⁻³² is in (0, 1]: the logarithm is finite.
    let radius = (-2.0 * ln((a as f32 + 0.5) * (1.0 / 4_294_967_296.0))).sqrt();
    let [cos, sin] = cos_sin_of_turn(b);
    [radius * cos, radius * sin]
}

/// Computes ln x of a normal positive number: x = 2ᵉ·m with m in [√½, √2), and
/// ln m = 2·artanh((m − 1)/(m + 1)) by its series, which is exact to 10⁻⁹ after five terms.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let shifted = x.to_bits().wrapping_sub((SQRT_2 / 2.0).to_bits());
    let exponent = (shifted as i32) >> 23;
    let mantissa = f32::from_bits(x.to_bits().wrapping_sub((exponent as u32) << 23));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let series = 1.0 + s2 * (1.0 / 3.0 + s2 * (1.0 / 5.0 + s2 * (1.0 / 7.0 + s2 * (1.0 / 9.0))));
    exponent as f32 * LN_2 + 2.0 * s * series
}

/// Returns cosine and sine of the angle `turn`·2⁻³²·2π, rounded down to 24 bits.
#[inline(always)]
fn cos_sin_of_turn(turn: u32) -> [f32; 2] {
    // The nearest number of quarter turns, and the exact remainder in [−½, ½) of a quarter turn.
    let turn = turn >> 8;
    let quarter = (turn + (1 << 21)) >> 22;
    let rest = (turn as i32 - ((quarter << 22) as i32)) as f32 * (1.0 / 4_194_304.0);
    let x = rest * FRAC_PI_2;
    let x2 = x * x;
    let sin = x
        * (1.0
            + x2 * (-1.0 / 6.0
                + x2 * (1.0 / 120.0 + x2 * (-1.0 / 5040.0 + x2 * (1.0 / 362_880.0)))));
    let cos = 1.0
        + x2 * (-0.5
            + x2 * (1.0 / 24.0
                + x2 * (-1.0 / 720.0 + x2 * (1.0 / 40320.0 - x2 * (1.0 / 3_628_800.0)))));
    let (c, s) = if quarter & 1 == 0 { (cos, sin) } else { (sin, cos) };
    // cos(x + q·π/2): + − − + for q = 0, 1, 2, 3; sine: + + − −.
    let minus_cos = (quarter + 1) & 2 != 0;
    let minus_sin = quarter & 2 != 0;
    [if minus_cos { -c } else { c }, if minus_sin { -s } else { s }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_to_single_precision() {
        for i in 0..200_000_u32 {
            let x = (i.wrapping_mul(21_475) as f32 + 0.5) / 4_294_967_296.0;
            let exact = f64::from(x).ln();
            let error = (f64::from(ln(x)) - exact).abs();
            assert!(error < 2e-7 * exact.abs().max(1.0), "ln {x}: error {error:e}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn angles_are_exact_to_single_precision() {
        for i in 0..200_000_u32 {
            let turn = i.wrapping_mul(21_475);
            let angle = f64::from(turn >> 8) / 16_777_216.0 * std::f64::consts::TAU;
            let [cos, sin] = cos_sin_of_turn(turn);
            assert!((f64::from(cos) - angle.cos()).abs() < 1.5e-7, "cos of turn {turn}");
            assert!((f64::from(sin) - angle.sin()).abs() < 1.5e-7, "sin of turn {turn}");
        }
    }

    /// The widest vectors and scalar code produce the same bits.
    #[test]
    fn bits_do_not_depend_on_the_machine() {
        let draw = |out: &mut Vec<f32>| {
            for_each(201, [7, 9], |block| [block, 3, 0, 0], |_, numbers| out.extend(numbers));
        };
        let (mut plain, mut wide) = (Vec::new(), Vec::new());
        draw(&mut plain);
        vectorised(|| draw(&mut wide));
        assert_eq!(plain, wide);
        assert_eq!(plain.len(), 201);
    }
}
