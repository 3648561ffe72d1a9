//! Adds a target of your own, and checks what it states with an identity that every smooth density
//! satisfies: E[∂U/∂xᵢ] = 0 and E[xᵢ·∂U/∂xᵢ] = 1 (Stein).

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::{Device, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_targets::Target;
use ebm_tensor::values_f64;

/// The logistic distribution in each coordinate: U(x) = Σᵢ [xᵢ + 2·log(1 + exp(−xᵢ))].
struct Logistic {
    dim: usize,
}

impl Energy<2> for Logistic {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        let terms = x.clone() + (x.neg().exp() + 1.0).log() * 2.0;
        terms.sum_dim(1).squeeze_dim(1)
    }
}

impl Target for Logistic {
    fn name(&self) -> &'static str {
        "logistic"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.0; self.dim])
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(vec![std::f64::consts::PI.powi(2) / 3.0; self.dim])
    }

    fn log_normaliser(&self) -> Option<f64> {
        Some(0.0)
    }

    /// Draws by inversion: x = log(u / (1 − u)).
    fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
        let u = key.uniform::<2>([rows, self.dim], device).clamp(1e-7, 1.0 - 1e-7);
        Some(u.clone().log() - (u.neg() + 1.0).log())
    }
}

fn main() {
    let target = Logistic { dim: 2 };
    let x = target.sample(100_000, Key::new(3), &Device::flex()).expect("it has a sampler");
    let (_, gradient) = target.energy_and_gradient(x.clone());
    let (x, gradient) = (values_f64(x), values_f64(gradient));
    let mean = |terms: Vec<f64>| terms.iter().sum::<f64>() / terms.len() as f64;
    let zero = mean(gradient.clone());
    let one = mean(x.iter().zip(&gradient).map(|(x, slope)| x * slope).collect());
    let variance = mean(x.iter().map(|x| x * x).collect());
    println!("E[∂U/∂x] = {zero:.4} (0), E[x·∂U/∂x] = {one:.4} (1), E[x²] = {variance:.4} (π²/3)");
    assert!(zero.abs() < 0.01 && (one - 1.0).abs() < 0.01);
    assert!((variance / target.variance().expect("known")[0] - 1.0).abs() < 0.02);
}
