//! Every kernel on every continuous target that it can sample: means, variances and the identity
//! E[xᵢ·∂U/∂xᵢ] = 1, within four standard errors over independent chains, at fixed seeds.
//! Diagnostics flag where kernels fail.

#[path = "../common/mod.rs"]
mod common;

mod annealed;
mod exact;
mod funnel;
mod gaussians;
mod unadjusted;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use common::off;
use ebm_mcmc::diagnostics::Draws;
use ebm_mcmc::{Key, Nuts, run};
use ebm_targets::{
    Banana, CorrelatedGaussian, DiagonalGaussian, DoubleWell, EightSchools, Funnel,
    LogisticRegression, Mixture, Ring, StudentT, Target,
};

const CHAINS: usize = 300;

/// A target, with the scales that unadjusted steps need.
struct Case {
    target: Box<dyn Target>,
    /// ℓ: roughly the standard deviation along the tightest direction.
    scale: f64,
    /// The slowness of the slowest direction: roughly its variance over ℓ², where chains do not
    /// stay in one mode.
    spread: usize,
}

/// The posterior of intercept and slope, which is correlated and skewed.
fn logistic() -> LogisticRegression {
    let times = [-1.5, -1.1, -0.8, -0.4, -0.1, 0.3, 0.5, 0.9, 1.2, 1.6];
    let labels = [false, false, true, false, true, false, true, true, true, true];
    let design = times.map(|time| vec![1.0, time]);
    LogisticRegression::new(&design, &labels, 2.0).expect("valid")
}

fn cases() -> Vec<Case> {
    let covariance = [vec![1.0, 0.25, 0.25], vec![0.25, 1.0, 0.25], vec![0.25, 0.25, 1.0]];
    let case = |scale, spread, target| Case { target, scale, spread };
    vec![
        case(1.5, 1, Box::new(DiagonalGaussian::isotropic(4, 1.5).expect("valid"))),
        case(0.56, 10, Box::new(DiagonalGaussian::ill_conditioned(10, 10.0).expect("valid"))),
        case(
            0.87,
            2,
            Box::new(CorrelatedGaussian::new(vec![1.0, 2.0, 7.0], &covariance).expect("valid")),
        ),
        case(0.25, 10, Box::new(DoubleWell::new(3, 2.0).expect("valid"))),
        case(0.5, 4, Box::new(Mixture::ring(8, 4.0, 0.5).expect("valid"))),
        case(0.7, 6, Box::new(Ring::new(4, 8, 2.0, 0.7).expect("valid"))),
        case(0.7, 200, Box::new(Banana::new(0.03).expect("valid"))),
        case(0.6, 20, Box::new(Funnel::new(3, 1.0).expect("valid"))),
        case(1.0, 1, Box::new(StudentT::new(2, 12.0).expect("valid"))),
        case(0.7, 25, Box::new(EightSchools::new())),
        case(0.6, 6, Box::new(logistic())),
    ]
}

impl Case {
    /// Returns exact draws; where there is no sampler, normal draws after sixty transitions of
    /// NUTS.
    fn start(&self, key: u64) -> Tensor<2> {
        let (key, device) = (Key::new(key), Device::flex());
        if let Some(exact) = self.target.sample(CHAINS, key, &device) {
            return exact.cast(FloatDType::F32);
        }
        let normal = key.fold(0).normal([CHAINS, self.target.dim()], &device);
        let nuts = Nuts::new(0.5 * self.scale);
        let chains = run(&nuts, &self.target, normal, 60, key.fold(1), |_, _| {});
        chains.expect("finite").state
    }

    /// Returns the standard errors between moments of draws and those of the target, the largest
    /// over all coordinates and moments.
    fn worst(&self, draws: &Draws) -> f64 {
        let moments = [self.target.mean(), self.target.variance()];
        let [mean, variance] = moments.map(|moment| moment.expect("known"));
        let products = self.products(draws);
        let deviations = |i: usize| {
            [
                off(draws, |x| x[i], mean[i]),
                off(draws, |x| (x[i] - mean[i]).powi(2), variance[i]),
                off(&products, |p| p[i], 1.0),
            ]
        };
        (0..mean.len()).flat_map(deviations).fold(0.0, f64::max)
    }

    /// Returns xᵢ·∂U/∂xᵢ at every draw.
    fn products(&self, draws: &Draws) -> Draws {
        let rows = draws.chains() * draws.draws();
        let x = TensorData::new(draws.values().to_vec(), [rows, self.target.dim()]);
        let x = Tensor::<2>::from_data(x, &Device::flex());
        let (_, gradient) = self.target.energy_and_gradient(x.clone());
        let products = (x * gradient).into_data().iter::<f64>().collect();
        Draws::new(products, draws.shape()).expect("of the same shape")
    }

    fn assert_close(&self, kernel: &str, draws: &Draws) {
        let worst = self.worst(draws);
        assert!(worst < 4.0, "{kernel}, {}: {worst} standard errors", self.target.name());
    }
}
