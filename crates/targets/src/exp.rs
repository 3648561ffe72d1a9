//! The exponential function for fused loops.

/// Returns eˣ to single precision for x ≤ 88 (0 below −87), without branches: 2ᵏ·eʳ with |r| ≤ ln 2
/// / 2 and a Taylor series of degree 7.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    use std::f32::consts::LOG2_E;
    // ln 2 in two parts, the first of few digits, so that k·ln 2 is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    /// Adding and subtracting 1.5·2²³ rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-87.0, 88.0);
    let k = (clamped * LOG2_E + ROUND) - ROUND;
    let r = clamped - k * LN_2_HIGH - k * LN_2_LOW;
    let series = 1.0
        + r * (1.0
            + r * (0.5
                + r * (1.0 / 6.0
                    + r * (1.0 / 24.0
                        + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0)))))));
    let power = f32::from_bits(((k as i32 + 127) as u32) << 23);
    if x < -87.0 { 0.0 } else { series * power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_exact_to_single_precision() {
        for i in -8_700..8_800 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "exp {x}: {}", exp(x));
        }
        assert_eq!(exp(-200.0), 0.0);
    }
}
