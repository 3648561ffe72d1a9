//! The Gaussian reference term: p(x) ∝ exp(f(x)) · N(x; 0, σ²).

use burn::tensor::Tensor;

use crate::{Energy, Frozen};

/// An energy plus ‖x‖²/(2σ²) (variational MCMC teaching, eq. 1).
///
/// The term has no parameters, so it takes part in sampling and cancels in the learning gradient. Its
/// gradient, x/σ², is added in closed form.
#[derive(Clone, Copy, Debug)]
pub struct GaussianReference<E> {
    /// The energy without the term.
    pub inner: E,
    /// σ; `None` leaves the term out.
    pub std: Option<f64>,
}

impl<const D: usize, E: Energy<D>> Energy<D> for GaussianReference<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        match self.std {
            Some(std) => self.inner.energy(x.clone()) + squared_norm(x) / (2.0 * std * std),
            None => self.inner.energy(x),
        }
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let (energy, gradient) = self.inner.energy_and_gradient(x.clone());
        match self.std {
            Some(std) => {
                let precision = 1.0 / (std * std);
                (energy + squared_norm(x.clone()) * (0.5 * precision), gradient + x * precision)
            }
            None => (energy, gradient),
        }
    }

    fn freeze(&self) -> Option<Frozen<'_, D>> {
        let inner = self.inner.freeze()?;
        Some(Box::new(GaussianReference { inner, std: self.std }))
    }
}

/// ‖x‖² of each sample. `x`: `[batch, …]`, output: `[batch]`.
pub fn squared_norm<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    x.powi_scalar(2).flatten::<2>(1, D - 1).sum_dim(1).squeeze_dim(1)
}
