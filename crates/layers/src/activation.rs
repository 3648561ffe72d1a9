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

/// Returns a LeakyReLU that bends smoothly over |x| < `bend` instead of having a kink: its
/// derivative rises linearly from `slope` at −`bend` to 1 at `bend`, and its value at 0 is 0. With
/// a bend of 0 it is [`leaky_relu`].
pub fn bent_leaky_relu<const D: usize>(x: Tensor<D>, slope: f64, bend: f64) -> Tensor<D> {
    if bend == 0.0 {
        return leaky_relu(x, slope);
    }
    let [above, below] = [relu(x.clone() - bend), relu(-x.clone() - bend)];
    // What is left within the bend.
    let inner = x - above.clone() + below.clone();
    let square = inner.clone().powi_scalar(2) * (0.25 * (1.0 - slope) / bend);
    inner * (0.5 * (1.0 + slope)) + square + above - below * slope
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

    #[test]
    fn a_bend_joins_both_lines() {
        let x =
            Tensor::<1>::from_data([-2.0, -0.5, 0.0, 0.25, 0.5, 3.0], &Device::flex().autodiff());
        let x = x.require_grad();
        let y = bent_leaky_relu(x.clone(), 0.2, 0.5);
        let gradient = x.grad(&y.clone().sum().backward()).expect("a leaf");
        let slopes = [0.2_f32, 0.2, 0.6, 0.8, 1.0, 1.0];
        let tolerance = burn::tensor::Tolerance::<f32>::absolute(1e-6);
        gradient.into_data().assert_approx_eq(&slopes.into(), tolerance);
        // The integral of the derivative: 0.6·0.5 ∓ 0.2·0.5 at ±0.5.
        let values = [-0.2 - 0.3_f32, -0.2, 0.0, 0.175, 0.4, 2.9];
        y.into_data().assert_approx_eq(&values.into(), tolerance);
    }
}
