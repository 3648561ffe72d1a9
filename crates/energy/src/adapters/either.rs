//! Energies with optional adapters.

use burn::tensor::Tensor;

use crate::{Energy, Frozen};

/// One of two energies. With [`wrap`](Self::wrap) it is an energy with or without an adapter, at no
/// cost where the adapter is absent.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_energy::{Either, Energy, Gaussian, GaussianReference, GradientClip, Tempered};
///
/// let (reference, clip, temperature) = (Some(1.0), None, Some(0.5));
/// let model = Gaussian { mean: 0.0, std: 1.0 };
/// let model = Either::wrap(model, reference, GaussianReference::new);
/// let model = Either::wrap(model, clip, GradientClip::new);
/// let model = Either::wrap(model, temperature, Tempered::new);
/// // (x²/2 + x²/2) / T at x = 3
/// let x = Tensor::<2>::full([1, 1], 3.0, &Device::flex());
/// assert_eq!(model.energy(x).into_scalar::<f32>(), 18.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Either<A, B> {
    /// The first energy, or an energy without the adapter.
    Left(A),
    /// The second energy, or an energy with the adapter.
    Right(B),
}

impl<A, B> Either<A, B> {
    /// Wraps `inner` in `adapter` if there is a `setting`.
    pub fn wrap<T>(inner: A, setting: Option<T>, adapter: impl FnOnce(A, T) -> B) -> Self {
        match setting {
            Some(setting) => Self::Right(adapter(inner, setting)),
            None => Self::Left(inner),
        }
    }
}

impl<const D: usize, A: Energy<D>, B: Energy<D>> Energy<D> for Either<A, B> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        match self {
            Self::Left(energy) => energy.energy(x),
            Self::Right(energy) => energy.energy(x),
        }
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        match self {
            Self::Left(energy) => energy.energy_and_gradient(x),
            Self::Right(energy) => energy.energy_and_gradient(x),
        }
    }

    fn freeze(&self) -> Option<Frozen<'_, D>> {
        match self {
            Self::Left(energy) => energy.freeze(),
            Self::Right(energy) => energy.freeze(),
        }
    }
}
