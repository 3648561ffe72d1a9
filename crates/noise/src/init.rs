//! Parameter initialisation that depends on the key alone: the same network on every backend.

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;

use crate::Key;

/// Draws every parameter of a module anew: convolution weights (rank 4) from N(0, `conv_std`²), dense
/// weights (rank 2) Glorot-uniform, all else (biases, shifts) zero. This is the initialisation of the
/// released code of variational MCMC teaching, where `conv_std` is 0.005.
///
/// Parameter identifiers are set from the key as well, so that two runs write the same checkpoint.
///
/// Call it before the module is placed in training mode or given to an optimiser.
pub fn initialise<M: Module>(module: M, key: Key, conv_std: f64) -> M {
    module.map(&mut Initialiser { key, conv_std, parameters: 0 })
}

struct Initialiser {
    key: Key,
    conv_std: f64,
    parameters: u64,
}

impl ModuleMapper for Initialiser {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = ParamId::from(self.parameters);
        let key = self.key.fold(self.parameters);
        self.parameters += 1;
        let (_, old, mapper) = param.consume();
        let (shape, device) = (old.dims(), old.device().without_autodiff());
        let value = match D {
            4 => key.normal(shape, &device) * self.conv_std,
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
