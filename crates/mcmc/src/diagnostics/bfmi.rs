//! The Bayesian fraction of missing information of the energy (Betancourt, "Diagnosing suboptimal
//! cotangent disintegrations in Hamiltonian Monte Carlo", 2016).

use super::draws::Trace;
use super::stats::{mean, variance};

/// Returns the BFMI of each chain: the mean square of the changes of its energy over the variance.
///
/// The energy is the total one, potential and kinetic, of each draw of a Hamiltonian sampler. A
/// value below 0.3 shows that the momenta change it too little to explore its distribution;
/// independent draws have 2. NaN for a chain of constant energy, and for one draw.
pub fn bfmi(energies: &Trace) -> Vec<f64> {
    let of_chain = |chain: &[f64]| {
        let squares: Vec<_> = chain.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).collect();
        mean(&squares) / variance(chain)
    };
    energies.chains().map(of_chain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    #[test]
    fn known_values() {
        // Changes 1, 1, −3: mean square 11/3. Variance of 0, 1, 2, −1: 5/3.
        let mut values = vec![0.0, 1.0, 2.0, -1.0];
        values.extend([3.0; 4]);
        let bfmi = bfmi(&Trace::unchecked(values, 4));
        assert!((bfmi[0] - 2.2).abs() < 1e-15 && bfmi[1].is_nan(), "{bfmi:?}");
    }

    /// An autoregressive energy changes by 2(1 − φ) of its variance.
    #[test]
    fn slow_energies_are_found() {
        let mut x = 0.0;
        let slow = normals(2, 20_000).into_iter().map(|noise| {
            x = 0.95 * x + noise;
            x
        });
        let slow = bfmi(&Trace::unchecked(slow.collect(), 20_000))[0];
        assert!((slow - 0.1).abs() < 0.01, "{slow}");
        let independent = bfmi(&Trace::unchecked(normals(2, 20_000), 20_000))[0];
        assert!((independent - 2.0).abs() < 0.1, "{independent}");
    }
}
