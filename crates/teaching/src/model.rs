//! The energy that chains sample: that of the network, with the adapters of the recipe.

use burn::tensor::Tensor;
use ebm_energy::{Either, Energy, Frozen, GaussianReference, GradientClip, Tempered};

use crate::ChainRecipe;

type Referenced<E> = Either<E, GaussianReference<E>>;
type Clipped<E> = Either<Referenced<E>, GradientClip<Referenced<E>>>;

/// The energy (U(x) + ‖x‖²/(2σ₁²)) / temperature, whose gradient is clipped before it is divided by
/// the temperature.
#[derive(Clone, Copy, Debug)]
pub struct Model<E>(Either<Clipped<E>, Tempered<Clipped<E>>>);

impl<E> Model<E> {
    pub(crate) fn new(energy: E, chains: &ChainRecipe) -> Self {
        let energy = Either::wrap(energy, chains.reference_std, GaussianReference::new);
        let energy = Either::wrap(energy, chains.gradient_clip, GradientClip::new);
        // Most recipes have none, and their chains are spared a pass over memory.
        let temperature = (chains.temperature != 1.0).then_some(chains.temperature);
        Self(Either::wrap(energy, temperature, Tempered::new))
    }
}

impl<const D: usize, E: Energy<D>> Energy<D> for Model<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.0.energy(x)
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        self.0.energy_and_gradient(x)
    }

    fn freeze(&self) -> Option<Frozen<'_, D>> {
        self.0.freeze()
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
