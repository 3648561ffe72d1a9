//! Makes energies of your own: from a closure, whose gradient comes from autodiff, and with a
//! gradient in closed form. Both are checked against finite differences.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::{Device, Tensor};
use ebm_energy::{Energy, FnEnergy};

/// U(x) = Σᵢ (xᵢ² − 1)², two wells at ±1 in each coordinate, with ∇U in closed form.
struct DoubleWell;

impl Energy<2> for DoubleWell {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        (x.powi_scalar(2) - 1.0).powi_scalar(2).sum_dim(1).squeeze_dim(1)
    }

    /// Without this method the gradient would come from autodiff.
    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let gradient = x.clone() * (x.clone().powi_scalar(2) - 1.0) * 4.0;
        (self.energy(x), gradient)
    }
}

/// Returns the largest difference between ∂U/∂xᵢ and its central difference, over the batch.
fn worst_error(energy: &impl Energy<2>, x: &Tensor<2>) -> f32 {
    let (_, gradient) = energy.energy_and_gradient(x.clone());
    let [batch, dim] = x.dims();
    let step = 1e-2;
    let error = |i: usize| {
        let ones = Tensor::<2>::ones([batch, 1], &x.device());
        let shift = x.zeros_like().slice_assign([0..batch, i..i + 1], ones) * step;
        let [above, below] = [x.clone() + shift.clone(), x.clone() - shift];
        let difference = (energy.energy(above) - energy.energy(below)) / (2.0 * step);
        let slope = gradient.clone().narrow(1, i, 1).squeeze_dim::<1>(1);
        (slope - difference).abs().max().into_scalar::<f32>()
    };
    (0..dim).map(error).fold(0.0, f32::max)
}

fn main() {
    let device = Device::flex();
    let x = Tensor::<2>::from_data([[0.5, 2.0, -1.0], [0.1, -0.3, 1.2]], &device);

    let closure = FnEnergy::new(|x: Tensor<2>| DoubleWell.energy(x));
    let (value, gradient) = DoubleWell.energy_and_gradient(x.clone());
    println!("U of each sample:\n{}", value.to_data());
    println!("∇U of each sample:\n{}", gradient.to_data());

    let (_, automatic) = closure.energy_and_gradient(x.clone());
    gradient.into_data().assert_approx_eq::<f32>(&automatic.into_data(), Default::default());
    let errors = [worst_error(&DoubleWell, &x), worst_error(&closure, &x)];
    println!("largest errors against finite differences: {errors:?}");
    assert!(errors.iter().all(|&error| error < 2e-2), "a gradient is wrong: {errors:?}");
}
