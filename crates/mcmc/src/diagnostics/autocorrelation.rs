//! The autocovariance of a chain at every lag, by a fast Fourier transform.

use super::draws::Trace;
use super::fourier::Fourier;
use super::stats::mean;

/// Returns the autocovariance (1/N)·Σ_i (x_i − x̄)(x_{i+t} − x̄) for every lag t below N. The
/// divisor is N at every lag.
pub fn autocovariance(chain: &[f64]) -> Vec<f64> {
    mean_autocovariance([chain].into_iter(), chain.len())
}

/// Returns the autocorrelation, which is the [`autocovariance`] over its value at lag 0; NaN for a
/// constant chain.
pub fn autocorrelation(chain: &[f64]) -> Vec<f64> {
    let mut covariance = autocovariance(chain);
    if let Some(&variance) = covariance.first() {
        covariance.iter_mut().for_each(|c| *c /= variance);
    }
    covariance
}

/// Returns the mean over chains of their autocovariances.
pub(super) fn autocovariance_over_chains(trace: &Trace) -> Vec<f64> {
    mean_autocovariance(trace.chains(), trace.draws())
}

/// By the Wiener–Khinchin theorem it is the transform of the power spectrum, after padding with as
/// many zeros as keep the end of a chain from meeting its start.
fn mean_autocovariance<'a>(
    chains: impl ExactSizeIterator<Item = &'a [f64]>,
    draws: usize,
) -> Vec<f64> {
    let length = (2 * draws).next_power_of_two();
    let fourier = Fourier::new(length);
    let scale = 1.0 / (chains.len() * draws * length) as f64;
    let mut power = vec![[0.0, 0.0]; length];
    let mut buffer = vec![[0.0, 0.0]; length];
    for chain in chains {
        let mean = mean(chain);
        buffer.fill([0.0, 0.0]);
        buffer.iter_mut().zip(chain).for_each(|(z, x)| z[0] = x - mean);
        fourier.transform(&mut buffer);
        power.iter_mut().zip(&buffer).for_each(|(p, z)| p[0] += z[0] * z[0] + z[1] * z[1]);
    }
    // The spectrum is real and even: the transform is its own inverse, up to the scale.
    fourier.transform(&mut power);
    power[..draws].iter().map(|z| z[0] * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::testing::normals;

    #[test]
    fn equals_the_sum() {
        for n in [1, 2, 7, 64, 125] {
            let x = normals(n as u32, n);
            let mean = x.iter().sum::<f64>() / n as f64;
            let covariance = autocovariance(&x);
            assert_eq!(covariance.len(), n);
            for (lag, got) in covariance.iter().enumerate() {
                let sum: f64 = (lag..n).map(|i| (x[i] - mean) * (x[i - lag] - mean)).sum();
                assert!((got - sum / n as f64).abs() < 1e-14, "lag {lag} of {n}: {got}");
            }
        }
        assert!(autocovariance(&[]).is_empty());
    }

    #[test]
    fn an_alternating_chain_is_anticorrelated() {
        let chain: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        let correlation = autocorrelation(&chain);
        assert!((correlation[0] - 1.0).abs() < 1e-15);
        assert!((correlation[1] + 0.99).abs() < 1e-12 && (correlation[2] - 0.98).abs() < 1e-12);
        assert!(autocorrelation(&[2.0; 10]).iter().all(|c| c.is_nan()));
    }
}
