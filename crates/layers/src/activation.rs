//! Activations.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

/// Returns x where it is positive and `slope`·x elsewhere. The derivative at 0 is `slope`, as in
/// TensorFlow and PyTorch.
///
/// It is written with ReLU, whose backward pass is a single kernel; Burn's own `leaky_relu`
/// computes the gradient through masks, which is slower.
pub fn leaky_relu<const D: usize>(x: Tensor<D>, slope: f64) -> Tensor<D> {
    let positive = relu(x.clone());
    if slope == 0.0 { positive } else { positive.clone() + (x - positive) * slope }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn values_and_derivatives() {
        for slope in [0.0_f32, 0.2] {
            let x = Tensor::<1>::from_data([-2.0, 0.0, 3.0], &Device::flex().autodiff());
            let x = x.require_grad();
            let y = leaky_relu(x.clone(), f64::from(slope));
            y.clone().into_data().assert_eq(&[-2.0 * slope, 0.0, 3.0].into(), false);
            let gradient = x.grad(&y.sum().backward()).expect("a leaf");
            gradient.into_data().assert_eq(&[slope, slope, 1.0].into(), false);
        }
    }
}
