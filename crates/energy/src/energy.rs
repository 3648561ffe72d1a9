//! The trait that samplers see.

use burn::tensor::Tensor;

/// An energy U(x), with p(x) ∝ exp(−U(x)), over states of rank `D` (the first dimension is the batch).
pub trait Energy<const D: usize> {
    /// U(x) of each sample.
    ///
    /// # Shapes
    /// - `x`: `[batch, …]`
    /// - output: `[batch]`
    fn energy(&self, x: Tensor<D>) -> Tensor<1>;

    /// U(x) of each sample and its gradient ∇U(x), both without an autodiff graph.
    ///
    /// The default goes through autodiff. With parameters off autodiff (`Module::valid`) only the gradient
    /// with respect to the input is computed. Override it where the gradient is known in closed form.
    ///
    /// # Shapes
    /// - `x`: `[batch, …]`
    /// - output: `[batch]` and the shape of `x`
    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let leaf = x.without_autodiff().autodiff().require_grad();
        let energy = self.energy(leaf.clone());
        // Backward starts from ones, one for each sample: the gradient of Σᵢ U(xᵢ), whose rows are ∇U(xᵢ).
        let mut gradients = energy.backward();
        let gradient = leaf
            .grad_remove(&mut gradients)
            .unwrap_or_else(|| leaf.clone().without_autodiff().zeros_like());
        (energy.without_autodiff(), gradient)
    }

    /// The same energy, prepared for many evaluations; `None` if there is nothing to prepare.
    ///
    /// Weights do not change along a chain, so whoever runs one asks for this once. Values may differ from
    /// those of `self` by rounding.
    fn freeze(&self) -> Option<Frozen<'_, D>> {
        None
    }
}

/// Returns the prepared form of an energy, or a reference to the energy itself where there is nothing to prepare.
///
/// Whoever evaluates an energy many times while its parameters stay as they are calls this once.
pub fn prepare<const D: usize, E: Energy<D> + ?Sized>(energy: &E) -> Frozen<'_, D> {
    energy.freeze().unwrap_or_else(|| Box::new(energy))
}

/// What [`Energy::freeze`] gives.
pub type Frozen<'a, const D: usize> = Box<dyn Energy<D> + 'a>;

/// What points to an energy is an energy.
macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<const D: usize, E: Energy<D> + ?Sized> Energy<D> for $pointer {
            fn energy(&self, x: Tensor<D>) -> Tensor<1> {
                (**self).energy(x)
            }

            fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
                (**self).energy_and_gradient(x)
            }

            fn freeze(&self) -> Option<Frozen<'_, D>> {
                (**self).freeze()
            }
        }
    )*};
}

forward!(&E, Box<E>);
