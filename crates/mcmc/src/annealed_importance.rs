//! The ratio of two normalising constants by annealed importance sampling (Neal, "Annealed
//! importance sampling", Statistics and Computing 2001).

use burn::tensor::Tensor;
use ebm_energy::{Bridge, Energy, prepare};
use ebm_noise::Key;
use ebm_noise::streams::chain::single;
use ebm_tensor::values_f64;

use crate::chain::ChainError;
use crate::kernel::{Kernel, State};

/// An estimate of log Z₁ − log Z₀.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogRatio {
    /// The estimate, the logarithm of the mean weight.
    pub value: f64,
    /// The standard error of the estimate by the delta method, std(w) / (mean(w)·√n). It can be
    /// trusted only if `effective` is large.
    pub standard_error: f64,
    /// The effective number of weights, (Σw)² / Σw².
    pub effective: f64,
    /// The logarithm of the weight of each chain.
    pub log_weights: Vec<f64>,
}

/// Estimates log Z₁ − log Z₀, where Z = ∫ exp(−U), from exact draws of exp(−U₀)/Z₀.
///
/// β rises from 0 to 1 in `betas` equal steps, with one transition of `kernel` at each value in
/// between. The kernel should leave its target invariant, as [`Mala`](crate::Mala) and
/// [`Hmc`](crate::Hmc) do: an unadjusted one biases the estimate. Each energy is prepared once.
///
/// # Shapes
/// - `draws`: `[chains, …]`
///
/// # Errors
/// [`ChainError::Nothing`] without draws or steps; [`ChainError::Diverged`] if the logarithm of a
/// weight is not finite or beyond [`MAX_ENERGY`](crate::MAX_ENERGY).
pub fn annealed_importance<const D: usize, K: Kernel<D>>(
    kernel: &K,
    from: &impl Energy<D>,
    to: &impl Energy<D>,
    draws: Tensor<D>,
    betas: usize,
    key: Key,
) -> Result<LogRatio, ChainError> {
    let chains = draws.dims()[0];
    if betas == 0 || chains == 0 {
        return Err(ChainError::Nothing { chains, steps: betas });
    }
    let (from, to) = (prepare(from), prepare(to));
    let part = 1.0 / betas as f64;
    let mut position = draws;
    let mut log_weights = vec![0.0; chains];
    for step in 1..=betas {
        let gain = from.energy(position.clone()) - to.energy(position.clone());
        for (weight, gain) in log_weights.iter_mut().zip(values_f64(gain)) {
            *weight += gain * part;
        }
        ChainError::check(&log_weights, step, betas)?;
        if step < betas {
            let bridge = Bridge::new(&from, &to, step as f64 * part);
            let key = key.fold(step as u64);
            let state = kernel.start(&bridge, position, key.fold(single::START));
            position = kernel.step(&bridge, state, key.fold(single::STEP)).0.position().clone();
        }
    }
    Ok(LogRatio::of(log_weights))
}

impl LogRatio {
    fn of(log_weights: Vec<f64>) -> Self {
        let n = log_weights.len() as f64;
        let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = log_weights.iter().map(|weight| (weight - largest).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let mean = sum / n;
        let variance =
            weights.iter().map(|weight| (weight - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Self {
            value: largest + mean.ln(),
            standard_error: (variance / n).sqrt() / mean,
            effective: sum * sum / squares,
            log_weights,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mala;
    use burn::tensor::Device;
    use ebm_energy::{Frozen, Gaussian};

    /// An energy that only its prepared form evaluates.
    struct Prepared(Gaussian);

    impl Energy<2> for Prepared {
        fn energy(&self, _: Tensor<2>) -> Tensor<1> {
            panic!("not the prepared form")
        }

        fn freeze(&self) -> Option<Frozen<'_, 2>> {
            Some(Box::new(self.0))
        }
    }

    const FROM: Gaussian = Gaussian { mean: 0.0, std: 1.0 };
    const TO: Gaussian = Gaussian { mean: 1.0, std: 2.0 };

    #[test]
    fn energies_are_prepared_once_for_all_parts() {
        let draws = || Key::new(1).normal::<2>([50, 2], &Device::flex());
        let kernel = Mala::new(0.8);
        let ratio = |from: &dyn Energy<2>, to: &dyn Energy<2>| {
            annealed_importance(&kernel, &from, &to, draws(), 10, Key::new(2)).expect("finite")
        };
        let plain = ratio(&FROM, &TO);
        assert_eq!(ratio(&Prepared(FROM), &Prepared(TO)), plain);
        assert_eq!(ratio(&FROM, &Prepared(TO)), plain);
    }
}
