//! The trait `Energy`.

use burn::tensor::Tensor;

/// An energy U(x), with p(x) ∝ exp(−U(x)), over states of rank `D`, whose first dimension is the
/// batch.
pub trait Energy<const D: usize> {
    /// Returns U(x) of each sample.
    ///
    /// # Shapes
    /// - `x`: `[batch, …]`
    /// - output: `[batch]`
    fn energy(&self, x: Tensor<D>) -> Tensor<1>;

    /// Returns U(x) of each sample and its gradient ∇U(x), both without an autodiff graph.
    ///
    /// The default implementation uses autodiff. If the parameters are not on an autodiff device
    /// (`Module::valid`), it computes the gradient with respect to the input only. Override it if
    /// the gradient is known in closed form.
    ///
    /// # Shapes
    /// - `x`: `[batch, …]`
    /// - output: `[batch]` and the shape of `x`
    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let leaf = x.without_autodiff().autodiff().require_grad();
        let energy = self.energy(leaf.clone());
        // The backward pass starts from ones: it computes the gradient of Σᵢ U(xᵢ), whose rows are
        // ∇U(xᵢ).
        let mut gradients = energy.backward();
        let gradient = leaf
            .grad_remove(&mut gradients)
            .unwrap_or_else(|| leaf.clone().without_autodiff().zeros_like());
        (energy.without_autodiff(), gradient)
    }

    /// Returns the same energy, prepared for many evaluations, or `None` if there is nothing to
    /// prepare.
    ///
    /// Weights do not change along a chain, so a sampler calls this once per chain, through
    /// [`prepare`]. Values may differ from those of `self` by rounding.
    fn freeze(&self) -> Option<Frozen<'_, D>> {
        None
    }
}

/// Returns the prepared form of an energy, or a reference to the energy itself where there is
/// nothing to prepare.
///
/// Call this once before many evaluations between which the parameters do not change.
pub fn prepare<const D: usize, E: Energy<D> + ?Sized>(energy: &E) -> Frozen<'_, D> {
    energy.freeze().unwrap_or_else(|| Box::new(energy))
}

/// The prepared form of an energy; see [`Energy::freeze`] and [`prepare`].
pub type Frozen<'a, const D: usize> = Box<dyn Energy<D> + 'a>;

/// Implements `Energy` for pointers to an energy.
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
