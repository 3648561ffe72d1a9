//! Constants of targets, kept on the host in double precision.

use std::sync::OnceLock;

use burn::tensor::{DType, Device, Tensor, TensorData};

/// Constants of a target. A target has no device: the tensor is created on the device of the first
/// state, and kept.
#[derive(Clone, Debug)]
pub(crate) struct Constant<const D: usize> {
    values: Vec<f64>,
    shape: [usize; D],
    tensor: OnceLock<Tensor<D>>,
}

impl Constant<2> {
    /// Stores `values` as `[1, len]`, to be broadcast over a batch.
    pub(crate) fn row(values: Vec<f64>) -> Self {
        let shape = [1, values.len()];
        Self::new(values, shape)
    }
}

impl<const D: usize> Constant<D> {
    /// Stores `values` in row-major order, which must fill `shape`.
    pub(crate) fn new(values: Vec<f64>, shape: [usize; D]) -> Self {
        Self { values, shape, tensor: OnceLock::new() }
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn shape(&self) -> [usize; D] {
        self.shape
    }

    /// Returns the tensor on the device of `x`, in its precision, without autodiff.
    pub(crate) fn like<const S: usize>(&self, x: &Tensor<S>) -> Tensor<D> {
        let (device, dtype) = (x.device().without_autodiff(), x.dtype());
        let tensor = self.tensor.get_or_init(|| self.make(&device, dtype));
        if tensor.device() == device && tensor.dtype() == dtype {
            tensor.clone()
        } else {
            self.make(&device, dtype)
        }
    }

    fn make(&self, device: &Device, dtype: DType) -> Tensor<D> {
        Tensor::from_data(TensorData::new(self.values.clone(), self.shape), (device, dtype))
    }
}
