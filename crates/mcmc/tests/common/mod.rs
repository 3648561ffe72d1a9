//! Deviations of draws from expected moments, in standard errors.

use ebm_mcmc::diagnostics::Draws;
use ebm_testing::standard_errors;

/// Returns the standard errors between the mean of `f` over all draws and `expected`, from the
/// means of the chains, which are independent. `f` takes all coordinates of a draw.
pub(crate) fn off(draws: &Draws, f: impl Fn(&[f64]) -> f64, expected: f64) -> f64 {
    let [length, dim] = [draws.draws(), draws.coordinates()];
    let means: Vec<f64> = draws
        .values()
        .chunks(length * dim)
        .map(|chain| chain.chunks(dim).map(&f).sum::<f64>() / length as f64)
        .collect();
    standard_errors(&means, expected)
}
