//! What chains sample: the network's energy with what the recipe puts around it.

use burn::tensor::Tensor;
use ebm_energy::{Energy, Frozen, GaussianReference};

use crate::ChainRecipe;

/// (U(x) + ‖x‖²/(2σ₁²)) / temperature, its gradient clipped before the temperature.
#[derive(Clone, Copy, Debug)]
pub struct Model<E> {
    energy: GaussianReference<E>,
    gradient_clip: Option<f64>,
    temperature: f64,
}

impl<E> Model<E> {
    pub(crate) fn new(energy: E, chains: &ChainRecipe) -> Self {
        Self {
            energy: GaussianReference { inner: energy, std: chains.reference_std },
            gradient_clip: chains.gradient_clip,
            temperature: chains.temperature,
        }
    }
}

impl<const D: usize, E: Energy<D>> Energy<D> for Model<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.energy.energy(x) / self.temperature
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let (energy, mut gradient) = self.energy.energy_and_gradient(x);
        if let Some(limit) = self.gradient_clip {
            gradient = gradient.clamp(-limit, limit);
        }
        // Most recipes have none: their chains are spared a pass over memory.
        if self.temperature == 1.0 {
            return (energy, gradient);
        }
        (energy / self.temperature, gradient / self.temperature)
    }

    fn freeze(&self) -> Option<Frozen<'_, D>> {
        let inner = self.energy.inner.freeze()?;
        let energy = GaussianReference { inner, std: self.energy.std };
        let Self { gradient_clip, temperature, .. } = *self;
        Some(Box::new(Model { energy, gradient_clip, temperature }))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use ebm_energy::Gaussian;

    use super::*;
    use crate::Recipe;

    /// U = x²/2 + x²/2 with σ₁ = 1: value 9/T and gradient 6, clipped to 2, over T at x = 3.
    #[test]
    fn clip_comes_before_the_temperature() {
        let mut chains = Recipe::embedded("digits").expect("embedded").chains;
        (chains.reference_std, chains.gradient_clip) = (Some(1.0), Some(2.0));
        chains.temperature = 0.5;
        let model = Model::new(Gaussian { mean: 0.0, std: 1.0 }, &chains);
        let x = Tensor::<2>::full([1, 1], 3.0, &Device::flex());
        let (energy, gradient) = model.energy_and_gradient(x);
        assert_eq!([energy.into_scalar::<f32>(), gradient.into_scalar::<f32>()], [18.0, 4.0]);
    }
}
