//! Unadjusted kernels with large steps on Gaussians, where their stationary distribution is known
//! in closed form.

use ebm_mcmc::diagnostics::Draws;
use ebm_mcmc::{Kernel, Key, Langevin, Sampler, Sgld, Underdamped};
use ebm_targets::{CorrelatedGaussian, DiagonalGaussian};

use crate::Case;
use crate::common::off;

/// A Gaussian, with the variances of the principal directions and their share in each coordinate.
struct Gaussian {
    case: Case,
    spectra: Vec<Vec<[f64; 2]>>,
}

fn gaussians() -> Vec<Gaussian> {
    let diagonal = |variances: Vec<f64>, target: DiagonalGaussian, scale, spread| Gaussian {
        case: Case { target: Box::new(target), scale, spread },
        spectra: variances.into_iter().map(|variance| vec![[variance, 1.0]]).collect(),
    };
    let isotropic = DiagonalGaussian::isotropic(4, 1.5).expect("valid");
    let ill = DiagonalGaussian::ill_conditioned(10, 10.0).expect("valid");
    let exponent = |i: i32| f64::from(i) / 9.0 - 0.5;
    // Variance 3/2 along (1, 1, 1) and 3/4 across.
    let covariance = [vec![1.0, 0.25, 0.25], vec![0.25, 1.0, 0.25], vec![0.25, 0.25, 1.0]];
    let triple = CorrelatedGaussian::new(vec![1.0, 2.0, 7.0], &covariance).expect("valid");
    vec![
        diagonal(vec![2.25; 4], isotropic, 1.5, 1),
        diagonal((0..10).map(|i| 10.0_f64.powf(exponent(i))).collect(), ill, 0.562, 10),
        Gaussian {
            case: Case { target: Box::new(triple), scale: 0.866, spread: 2 },
            spectra: vec![vec![[1.5, 1.0 / 3.0], [0.75, 2.0 / 3.0]]; 3],
        },
    ]
}

/// Steps of burn-in, steps between draws, and draws.
const RUN: [usize; 3] = [60, 3, 40];

impl Gaussian {
    fn sample<K: Kernel<2>>(&self, kernel: K) -> Draws {
        let sampler = Sampler::new(kernel, &self.case.target, self.case.start(5), Key::new(6));
        sampler.burn_in(RUN[0]).thin(RUN[1]).sample(RUN[2]).expect("finite").draws
    }

    /// Returns the standard errors between variances and those expected of a kernel that has the
    /// variance `stationary(σ²)` along a direction of variance σ².
    fn worst(&self, draws: &Draws, stationary: impl Fn(f64) -> f64) -> f64 {
        let mean = self.case.target.mean().expect("known");
        let of = |(i, spectrum): (usize, &Vec<[f64; 2]>)| {
            let expected =
                spectrum.iter().map(|[variance, share]| share * stationary(*variance)).sum();
            let [first, second] =
                [off(draws, |x| x[i], mean[i]), off(draws, |x| (x[i] - mean[i]).powi(2), expected)];
            first.max(second)
        };
        self.spectra.iter().enumerate().map(of).fold(0.0, f64::max)
    }

    fn assert_variances(&self, kernel: &str, draws: &Draws, stationary: impl Fn(f64) -> f64) {
        let worst = self.worst(draws, stationary);
        let (name, dim) = (self.case.target.name(), self.spectra.len());
        assert!(worst < 4.0, "{kernel}, {name} of {dim}: {worst} standard errors");
    }
}

/// x' = a·x + δε along a direction of variance σ², with a = 1 − δ²/(2σ²), has the variance
/// σ²/(1 − δ²/(4σ²)).
#[test]
fn langevins_bias_is_matched() {
    for gaussian in gaussians() {
        let step_size = gaussian.case.scale;
        let samples = gaussian.sample(Langevin::new(step_size));
        let stationary =
            |variance: f64| variance / (1.0 - step_size * step_size / (4.0 * variance));
        gaussian.assert_variances("ULA", &samples, stationary);
        assert!(gaussian.worst(&samples, |variance| variance) > 4.0, "the bias must be visible");
    }
}

/// The variance is V ← (1 − δₜ²/(2σ²))²·V + δₜ² from V = σ², step by step, and the mean over draws.
#[test]
fn sgld_has_the_law_of_its_steps() {
    for gaussian in gaussians() {
        let kernel = Sgld::new(2.0 * gaussian.case.scale.powi(2)).with_decay(4.0, 0.5);
        let stationary = |variance: f64| {
            let (mut now, mut sum) = (variance, 0.0);
            for step in 1..=RUN[0] + RUN[1] * RUN[2] {
                let square = kernel.scale * (kernel.offset + (step - 1) as f64).powf(-kernel.decay);
                now = (1.0 - square / (2.0 * variance)).powi(2) * now + square;
                if step > RUN[0] && (step - RUN[0]).is_multiple_of(RUN[1]) {
                    sum += now / RUN[2] as f64;
                }
            }
            sum
        };
        gaussian.assert_variances("SGLD", &gaussian.sample(kernel), stationary);
    }
}

/// The positions of BAOAB are exact for a Gaussian at every stable step.
#[test]
fn underdamped_is_exact() {
    for gaussian in gaussians() {
        let scale = gaussian.case.scale;
        let kernel = Underdamped::new(1.5 * scale, 0.7 / scale);
        gaussian.assert_variances("BAOAB", &gaussian.sample(kernel), |variance| variance);
    }
}
