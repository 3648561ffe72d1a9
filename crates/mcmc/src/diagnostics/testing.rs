//! Draws for tests, without a device.

/// Returns independent standard normal draws, by the Box–Muller transform of a linear congruential
/// generator.
pub(crate) fn normals(seed: u32, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(state) + 0.5) / f64::from(u32::MAX)
    };
    let pairs = std::iter::repeat_with(|| {
        let (radius, angle) = ((-2.0 * uniform().ln()).sqrt(), std::f64::consts::TAU * uniform());
        [radius * angle.cos(), radius * angle.sin()]
    });
    pairs.flatten().take(count).collect()
}
