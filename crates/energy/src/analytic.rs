//! Gaussian energies, and energies from closures.

use burn::tensor::Tensor;

use crate::{Energy, squared_norm};

/// An isotropic Gaussian: U(x) = ‖x − μ‖²/(2σ²), whose mean is μ and whose variance is σ² in every
/// coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    /// The mean μ, the same in every coordinate.
    pub mean: f64,
    /// The standard deviation σ.
    pub std: f64,
}

impl<const D: usize> Energy<D> for Gaussian {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        squared_norm(x - self.mean) / (2.0 * self.std * self.std)
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let gradient = (x.clone() - self.mean) / (self.std * self.std);
        (self.energy(x), gradient)
    }
}

/// An energy defined by a closure from `[batch, …]` to `[batch]`, with its gradient by autodiff.
#[derive(Clone, Copy, Debug)]
pub struct FnEnergy<F> {
    function: F,
}

impl<F> FnEnergy<F> {
    /// Creates an energy from `function`, which must treat each sample of the batch separately.
    pub fn new<const D: usize>(function: F) -> Self
    where
        F: Fn(Tensor<D>) -> Tensor<1>,
    {
        Self { function }
    }
}

impl<const D: usize, F: Fn(Tensor<D>) -> Tensor<1>> Energy<D> for FnEnergy<F> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        (self.function)(x)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tolerance};
    use ebm_noise::Key;

    use super::*;
    use crate::GaussianReference;

    /// The closed form, autodiff through the same energy, and central differences agree.
    #[test]
    fn closed_form_gradients() {
        let x = Key::new(1).normal::<2>([6, 3], &Device::flex());
        let gaussian = Gaussian { mean: 0.7, std: 1.3 };
        let with_reference = GaussianReference::new(gaussian, 0.5);
        check(&gaussian, x.clone());
        check(&with_reference, x);
    }

    fn check<E: Energy<2>>(energy: &E, x: Tensor<2>) {
        let (value, closed) = energy.energy_and_gradient(x.clone());
        let by_autodiff = FnEnergy::new(|x: Tensor<2>| energy.energy(x));
        let (same_value, automatic) = by_autodiff.energy_and_gradient(x.clone());
        let tolerance = Tolerance::<f32>::rel_abs(1e-5, 1e-5);
        value.into_data().assert_approx_eq(&same_value.into_data(), tolerance);
        closed.clone().into_data().assert_approx_eq(&automatic.into_data(), tolerance);
        let half_width = 1e-2;
        for coordinate in 0..3 {
            let mut direction = [[0.0_f32; 3]];
            direction[0][coordinate] = half_width;
            let direction = Tensor::<2>::from_data(direction, &x.device());
            let difference = (energy.energy(x.clone() + direction.clone())
                - energy.energy(x.clone() - direction))
                / (2.0 * f64::from(half_width));
            let column =
                closed.clone().slice([0..6, coordinate..coordinate + 1]).squeeze_dim::<1>(1);
            column
                .into_data()
                .assert_approx_eq(&difference.into_data(), Tolerance::<f32>::rel_abs(2e-3, 2e-3));
        }
    }
}
