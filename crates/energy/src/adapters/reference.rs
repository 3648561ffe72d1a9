//! The Gaussian reference term: p(x) ∝ exp(f(x)) · N(x; 0, σ²).

use burn::tensor::Tensor;

use crate::{Energy, Frozen, squared_norm};

/// An energy plus the reference term ‖x‖²/(2σ²) (variational MCMC teaching, eq. 1).
///
/// The term has no parameters: it takes part in sampling and cancels in the learning gradient. Its
/// gradient, x/σ², is added in closed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianReference<E> {
    /// The energy without the term.
    pub inner: E,
    /// The standard deviation σ of the reference distribution.
    pub std: f64,
}

impl<E> GaussianReference<E> {
    /// Adds the reference term with standard deviation `std` to `inner`.
    pub const fn new(inner: E, std: f64) -> Self {
        Self { inner, std }
    }
}

impl<const D: usize, E: Energy<D>> Energy<D> for GaussianReference<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.inner.energy(x.clone()) + squared_norm(x) / (2.0 * self.std * self.std)
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let (energy, gradient) = self.inner.energy_and_gradient(x.clone());
        let precision = 1.0 / (self.std * self.std);
        (energy + squared_norm(x.clone()) * (0.5 * precision), gradient + x * precision)
    }

    fn freeze(&self) -> Option<Frozen<'_, D>> {
        Some(Box::new(GaussianReference { inner: self.inner.freeze()?, std: self.std }))
    }
}
