//! Norms of the samples of a batch.

use burn::tensor::Tensor;

/// Returns ‖x‖² of each sample.
///
/// # Shapes
/// - `x`: `[batch, …]`
/// - output: `[batch]`
pub fn squared_norm<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    x.powi_scalar(2).flatten::<2>(1, D - 1).sum_dim(1).squeeze_dim(1)
}
