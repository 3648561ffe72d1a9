//! How far draws are from what is expected, in standard errors.

use ebm_mcmc::diagnostics::Draws;

/// Standard errors between the mean of independent `values` and what is expected; infinite where it is not defined.
pub(crate) fn deviation(values: &[f64], expected: f64) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let deviation = (mean - expected).abs() / (variance / n).sqrt();
    if deviation.is_nan() { f64::INFINITY } else { deviation }
}

/// Standard errors between the mean of `f` over all draws and what is expected, from the means of the chains,
/// which are independent. `f` sees all coordinates of a draw.
pub(crate) fn off(draws: &Draws, f: impl Fn(&[f64]) -> f64, expected: f64) -> f64 {
    let [length, dim] = [draws.draws(), draws.coordinates()];
    let means: Vec<f64> = draws
        .values()
        .chunks(length * dim)
        .map(|chain| chain.chunks(dim).map(&f).sum::<f64>() / length as f64)
        .collect();
    deviation(&means, expected)
}
