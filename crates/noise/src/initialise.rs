//! Initial parameters that depend on the key alone: the same network on every backend.

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;

use crate::Key;

/// Replaces every parameter of a module: convolution weights (rank 4) by draws from N(0,
/// `conv_std`²), dense weights (rank 2) by Glorot-uniform draws, all others (biases, shifts) by
/// zeros. This is the initialisation of the released code of variational MCMC teaching, where
/// `conv_std` is 0.005.
///
/// Parameters are numbered in order and the numbers become their identifiers, so two runs write the
/// same checkpoint.
///
/// Call it before the module is placed in training mode or passed to an optimiser.
pub fn initialise<M: Module>(module: M, key: Key, conv_std: f64) -> M {
    module.map(&mut Initialiser { key, conv_std: |_: &[usize]| conv_std, parameters: 0 })
}

/// Replaces every parameter like [`initialise`], but draws convolution weights from N(0, 1/n),
/// where n is the fan-in (LeCun et al., "Efficient backprop", 1998): activations keep their
/// variance at any width.
pub fn initialise_fan_in<M: Module>(module: M, key: Key) -> M {
    // [channels_out, channels_in, height, width]
    let conv_std = |shape: &[usize]| (1.0 / shape[1..].iter().product::<usize>() as f64).sqrt();
    module.map(&mut Initialiser { key, conv_std, parameters: 0 })
}

struct Initialiser<F> {
    key: Key,
    /// A function that returns the standard deviation of a convolution's weights, given their
    /// shape.
    conv_std: F,
    parameters: u64,
}

impl<F: Fn(&[usize]) -> f64> ModuleMapper for Initialiser<F> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = ParamId::from(self.parameters);
        let key = self.key.fold(self.parameters);
        self.parameters += 1;
        let (_, old, mapper) = param.consume();
        let (shape, device) = (old.dims(), old.device().without_autodiff());
        let value = match D {
            4 => key.normal(shape, &device) * (self.conv_std)(&shape),
            2 => {
                let limit = (6.0 / (shape[0] + shape[1]) as f64).sqrt();
                (key.uniform(shape, &device) * 2.0 - 1.0) * limit
            }
            _ => Tensor::zeros(shape, &device),
        };
        let value = if old.device().is_autodiff() { value.autodiff() } else { value };
        let value = if old.is_require_grad() { value.require_grad() } else { value };
        Param::from_mapped_value(id, value, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::tensor::Device;

    #[test]
    fn fan_in_sets_the_variance_of_convolutions_alone() {
        let device = Device::flex();
        let module = (
            Param::from_tensor(Tensor::<4>::ones([100, 50, 3, 3], &device)),
            Param::from_tensor(Tensor::<1>::ones([100], &device)),
        );
        let (weight, bias) = initialise_fan_in(module.clone(), Key::new(1));
        let n = 45_000.0_f64;
        let variance: f32 = weight.val().powi_scalar(2).mean().into_scalar();
        // Four standard errors of a mean of squares.
        assert!((f64::from(variance) * 450.0 - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{variance}");
        assert_eq!(bias.val().abs().max().into_scalar::<f32>(), 0.0);
        // The scale does not change the draws.
        let (unit, _) = initialise(module, Key::new(1), 1.0);
        let scaled = unit.val() * (1.0_f64 / 450.0).sqrt();
        weight.val().into_data().assert_eq(&scaled.into_data(), true);
    }
}
