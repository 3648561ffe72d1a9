//! Exponential moving averages of weights, which usually sample better than the weights themselves.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use ebm_layers::NetworkError;

/// An exponential moving average, θ̄ ← d·θ̄ + (1 − d)·θ, of every floating-point parameter of a
/// module.
#[derive(Clone, Debug)]
pub struct Ema<M> {
    decay: f64,
    average: M,
}

impl<M: Module> Ema<M> {
    /// Creates an average that starts at `module`. `decay` is d, for example 0.999. To resume from
    /// a checkpoint, pass the saved average.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`], if `decay` is not in [0, 1).
    pub fn new(decay: f64, module: &M) -> Result<Self, NetworkError> {
        let ok = (0.0..1.0).contains(&decay);
        NetworkError::check_range("decay", decay, ok, "in [0, 1)")?;
        Ok(Self { decay, average: module.valid() })
    }

    /// Updates the average with the weights of `module`.
    ///
    /// # Panics
    /// If the parameters of `module` differ in number or shape from those of the average.
    pub fn update(&mut self, module: &M) {
        let mut parameters = Collect(Vec::new());
        module.visit(&mut parameters);
        let mut blend = Blend { decay: self.decay, parameters: parameters.0.into_iter() };
        self.average = self.average.clone().map(&mut blend);
    }

    /// Returns the average, without autodiff.
    pub fn model(&self) -> &M {
        &self.average
    }
}

struct Collect(Vec<Tensor<1>>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.base().without_autodiff().reshape([-1]));
    }
}

struct Blend {
    decay: f64,
    /// In the order in which a module's parameters are visited.
    parameters: std::vec::IntoIter<Tensor<1>>,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let new = self.parameters.next().expect("the module has the average's parameters");
        param.map(|average| {
            let new = new.reshape(average.dims());
            average * self.decay + new * (1.0 - self.decay)
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tolerance};
    use ebm_noise::Key;
    use ebm_tensor::ImageShape;

    use super::*;
    use crate::{EnergyConfig, EnergyNetwork, ResidualEnergyConfig};

    fn network(seed: u64, device: &Device) -> EnergyNetwork {
        let config = ResidualEnergyConfig { channels: vec![3, 4], blocks: 1, spectral_norm: true };
        EnergyConfig::Residual(config)
            .init(ImageShape::new(1, 6), None, Key::new(seed), device)
            .expect("valid")
    }

    fn parameters(module: &impl Module) -> Vec<Tensor<1>> {
        let mut parameters = Collect(Vec::new());
        module.visit(&mut parameters);
        parameters.0
    }

    #[test]
    fn one_step_is_the_formula() {
        let device = Device::flex().autodiff();
        let (first, second) = (network(1, &device), network(2, &device));
        let mut ema = Ema::new(0.75, &first).expect("a decay");
        ema.update(&second);
        let averages = parameters(ema.model());
        let expected = parameters(&first).into_iter().zip(parameters(&second));
        // Weights and biases of the stem, four convolutions and the head, the skip's weight, seven
        // vectors.
        assert_eq!(averages.len(), 2 * 6 + 1 + 7);
        for (average, (first, second)) in averages.into_iter().zip(expected) {
            assert!(!average.is_autodiff());
            let expected = first * 0.75 + second * 0.25;
            average.into_data().assert_eq(&expected.into_data(), true);
        }
    }

    #[test]
    fn a_constant_is_its_own_average() {
        let device = Device::flex().autodiff();
        let (first, constant) = (network(1, &device), network(2, &device));
        let mut ema = Ema::new(0.9, &first).expect("a decay");
        for _ in 0..300 {
            ema.update(&constant);
        }
        let tolerance = Tolerance::<f32>::rel_abs(1e-5, 1e-6);
        for (average, constant) in parameters(ema.model()).into_iter().zip(parameters(&constant)) {
            average.into_data().assert_approx_eq(&constant.into_data(), tolerance);
        }
    }

    #[test]
    fn decays_outside_the_unit_interval_are_named() {
        let error = Ema::new(1.0, &network(1, &Device::flex())).expect_err("1 never learns");
        let message = "decay is 1; it must be in [0, 1)";
        assert_eq!(error.to_string(), message);
    }
}
