//! The eight schools, a small hierarchical model.

use burn::tensor::{Device, Tensor, TensorData, activation};
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_noise::streams::target as stream;
use ebm_tensor::values;

use crate::constant::Constant;
use crate::math::LN_TAU;
use crate::quadrature::Density;
use crate::target::Target;

/// Estimated effects of coaching on test scores, and their standard errors (Rubin 1981).
const EFFECTS: [f64; 8] = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0];
const ERRORS: [f64; 8] = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];
/// Scales of the priors μ ~ N(0, 5²) and τ ~ Cauchy⁺(0, 5).
const PRIOR: f64 = 5.0;

/// The posterior of the eight schools in the non-centred parametrisation: the state is (μ, log τ,
/// θ̃₁, …, θ̃₈), and school j has the effect θⱼ = μ + τ·θ̃ⱼ.
///
/// Model, priors and data are `eight_schools_noncentered` of posteriordb: yⱼ ~ N(θⱼ, σⱼ²), θ̃ⱼ ~
/// N(0, 1), μ ~ N(0, 5²), τ ~ Cauchy⁺(0, 5). With the Jacobian of log τ,
///
/// U = μ²/50 + log(1 + τ²/25) − log τ + ½ Σⱼ θ̃ⱼ² + ½ Σⱼ (yⱼ − μ − τθ̃ⱼ)²/σⱼ².
///
/// Given τ everything else is Gaussian, so that moments, normaliser and sampler come from a
/// quadrature over log τ. posteriordb's own reference values, which have Monte-Carlo error (ten
/// chains of a thousand draws), are: μ 4.4105 ± 3.309, τ 3.6021 ± 3.198, θ₁ 6.1505 ± 5.616 (mean ±
/// standard deviation).
#[derive(Clone, Debug)]
pub struct EightSchools {
    effects: Constant<2>,
    /// 1/σⱼ².
    precisions: Constant<2>,
}

impl Default for EightSchools {
    fn default() -> Self {
        Self::new()
    }
}

/// The conditional distributions given τ: μ ~ N(`mean`, `variance`), and θ̃ⱼ | μ ~ N(`slope`·(yⱼ −
/// μ), `rest`).
struct GivenTau {
    mean: f64,
    variance: f64,
    /// τ/(σⱼ² + τ²).
    slope: [f64; 8],
    /// σⱼ²/(σⱼ² + τ²).
    rest: [f64; 8],
    /// The logarithm of the density of log τ, with everything else integrated out.
    log_mass: f64,
}

impl GivenTau {
    fn new(log_tau: f64) -> Self {
        let tau = log_tau.exp();
        let weights = ERRORS.map(|error| 1.0 / (error * error + tau * tau));
        let variance = 1.0 / (1.0 / (PRIOR * PRIOR) + weights.iter().sum::<f64>());
        let moment = |power: i32| -> f64 {
            weights.iter().zip(EFFECTS).map(|(weight, effect)| weight * effect.powi(power)).sum()
        };
        let mean = variance * moment(1);
        let rest: [f64; 8] = std::array::from_fn(|j| ERRORS[j] * ERRORS[j] * weights[j]);
        let log_rest: f64 = rest.iter().map(|rest| rest.ln()).sum();
        let log_prior = log_tau - (tau / PRIOR).powi(2).ln_1p();
        let log_gaussians = 9.0 * LN_TAU + variance.ln() + log_rest;
        let exponent = mean * mean / variance - moment(2);
        Self {
            mean,
            variance,
            slope: weights.map(|weight| tau * weight),
            rest,
            log_mass: log_prior + 0.5 * (log_gaussians + exponent),
        }
    }

    /// Returns the first two moments of each coordinate but log τ: (μ, θ̃₁, …, θ̃₈).
    fn moments(&self) -> [[f64; 2]; 9] {
        let square = |mean: f64, variance: f64| [mean, mean * mean + variance];
        std::array::from_fn(|i| match i {
            0 => square(self.mean, self.variance),
            _ => {
                let slope = self.slope[i - 1];
                let variance = self.rest[i - 1] + slope * slope * self.variance;
                square(slope * (EFFECTS[i - 1] - self.mean), variance)
            }
        })
    }
}

impl EightSchools {
    /// Creates the posterior for Rubin's data.
    pub fn new() -> Self {
        let precisions = ERRORS.map(|error| 1.0 / (error * error));
        Self {
            effects: Constant::row(EFFECTS.to_vec()),
            precisions: Constant::row(precisions.to_vec()),
        }
    }

    /// The posterior of log τ. At both ends of the range its density is below 1e-15 of the largest:
    /// it falls as τ on the left and as τ⁻⁸ or faster on the right.
    fn log_tau() -> Density {
        Density::new([-36.0, 14.0], |log_tau| GivenTau::new(log_tau).log_mass)
    }

    /// Returns the first two moments of each coordinate.
    fn moments() -> Vec<[f64; 2]> {
        let density = Self::log_tau();
        let of = |i: usize, power: usize| {
            density.mean(|log_tau| match i {
                1 => log_tau.powi(power as i32 + 1),
                _ => GivenTau::new(log_tau).moments()[i.saturating_sub(1)][power],
            })
        };
        (0..10).map(|i| [of(i, 0), of(i, 1)]).collect()
    }

    /// μ, log τ (`[batch, 1]`) and θ̃ (`[batch, 8]`).
    fn split(x: Tensor<2>) -> [Tensor<2>; 3] {
        [x.clone().narrow(1, 0, 1), x.clone().narrow(1, 1, 1), x.narrow(1, 2, 8)]
    }

    /// log(1 + τ²/25), of log τ.
    fn prior(log_tau: Tensor<2>) -> Tensor<2> {
        activation::softplus(log_tau * 2.0 - 2.0 * PRIOR.ln(), 1.0)
    }
}

impl Energy<2> for EightSchools {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let (effects, precisions) = (self.effects.like(&x), self.precisions.like(&x));
        let [mu, log_tau, raw] = Self::split(x);
        let residual = effects - mu.clone() - log_tau.clone().exp() * raw.clone();
        let schools = (raw.square() + residual.square() * precisions).sum_dim(1) * 0.5;
        let priors = mu.square() / (2.0 * PRIOR * PRIOR) + Self::prior(log_tau.clone()) - log_tau;
        (schools + priors).squeeze_dim(1)
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let energy = self.energy(x.clone());
        let (effects, precisions) = (self.effects.like(&x), self.precisions.like(&x));
        let [mu, log_tau, raw] = Self::split(x);
        let tau = log_tau.clone().exp();
        let pull = (effects - mu.clone() - tau.clone() * raw.clone()) * precisions;
        let of_raw = raw.clone() - tau.clone() * pull.clone();
        let share = activation::sigmoid(log_tau * 2.0 - 2.0 * PRIOR.ln());
        let of_log_tau = share * 2.0 - 1.0 - tau * (pull.clone() * raw).sum_dim(1);
        let of_mu = mu / (PRIOR * PRIOR) - pull.sum_dim(1);
        (energy, Tensor::cat(vec![of_mu, of_log_tau, of_raw], 1))
    }
}

impl Target for EightSchools {
    fn name(&self) -> &'static str {
        "eight-schools"
    }

    fn dim(&self) -> usize {
        10
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(Self::moments().iter().map(|[mean, _]| *mean).collect())
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(Self::moments().iter().map(|[mean, square]| square - mean * mean).collect())
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(Self::log_tau().log_mass)
    }

    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let density = Self::log_tau();
        let uniform = values(key.fold(stream::FIRST).uniform::<2>([rows, 1], device));
        let normal = values(key.fold(stream::SECOND).normal::<2>([rows, 9], device));
        let mut draws = Vec::with_capacity(rows * 10);
        for (&uniform, normal) in uniform.iter().zip(normal.chunks(9)) {
            let log_tau = density.quantile(f64::from(uniform));
            let given = GivenTau::new(log_tau);
            let mu = given.mean + given.variance.sqrt() * f64::from(normal[0]);
            draws.extend([mu, log_tau]);
            draws.extend((0..8).map(|j| {
                let noise = given.rest[j].sqrt() * f64::from(normal[j + 1]);
                given.slope[j] * (EFFECTS[j] - mu) + noise
            }));
        }
        Some(Tensor::from_data(TensorData::new(draws, [rows, 10]), device))
    }
}

#[cfg(test)]
mod tests;
