//! Gradients of limited size.

use burn::tensor::Tensor;

use crate::{Energy, Frozen};

/// An energy whose gradient is clipped to [−limit, limit] in every coordinate. Its values are those
/// of the inner energy.
///
/// A clipped gradient is not the gradient of the energy. Metropolis kernels correct for the
/// difference; the stationary distribution of others is biased where the gradient is clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientClip<E> {
    /// The energy with its own gradient.
    pub inner: E,
    /// The largest absolute value of a coordinate of the gradient.
    pub limit: f64,
}

impl<E> GradientClip<E> {
    /// Clips the gradient of `inner` to [−`limit`, `limit`].
    pub const fn new(inner: E, limit: f64) -> Self {
        Self { inner, limit }
    }
}

impl<const D: usize, E: Energy<D>> Energy<D> for GradientClip<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.inner.energy(x)
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let (energy, gradient) = self.inner.energy_and_gradient(x);
        (energy, gradient.clamp(-self.limit, self.limit))
    }

    fn freeze(&self) -> Option<Frozen<'_, D>> {
        Some(Box::new(GradientClip { inner: self.inner.freeze()?, limit: self.limit }))
    }
}
