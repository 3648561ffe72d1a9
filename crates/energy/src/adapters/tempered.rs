//! Energies at a temperature.

use burn::tensor::Tensor;

use crate::{Energy, Frozen};

/// An energy divided by a temperature, U/T, whose distribution is p(x)^(1/T): flatter than p for T
/// > 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempered<E> {
    /// The energy at temperature 1.
    pub inner: E,
    /// The temperature T.
    pub temperature: f64,
}

impl<E> Tempered<E> {
    /// Divides `inner` by `temperature`.
    pub const fn new(inner: E, temperature: f64) -> Self {
        Self { inner, temperature }
    }
}

impl<const D: usize, E: Energy<D>> Energy<D> for Tempered<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.inner.energy(x) / self.temperature
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let (energy, gradient) = self.inner.energy_and_gradient(x);
        (energy / self.temperature, gradient / self.temperature)
    }

    fn freeze(&self) -> Option<Frozen<'_, D>> {
        Some(Box::new(Tempered { inner: self.inner.freeze()?, temperature: self.temperature }))
    }
}
