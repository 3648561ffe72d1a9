//! Large sets of images, a part at a time.

use burn::tensor::Tensor;

/// Applies `f` to at most `size` images at a time and concatenates the rows that it returns, so
/// that the activations of a large set are never held at once.
///
/// `f` is called at least once: with an empty batch if there are no images.
///
/// # Shapes
/// - `images`: `[n, channels, height, width]`
/// - output: `[n, columns]`
///
/// # Errors
/// Returns the first error of `f`.
pub fn in_parts<E>(
    images: Tensor<4>,
    size: usize,
    f: impl Fn(Tensor<4>) -> Result<Tensor<2>, E>,
) -> Result<Tensor<2>, E> {
    if images.dims()[0] <= size {
        return f(images);
    }
    let parts = images.split(size, 0).into_iter().map(f).collect::<Result<_, _>>()?;
    Ok(Tensor::cat(parts, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn rows_keep_their_order_and_errors_end_the_pass() {
        let images = Tensor::<1, burn::tensor::Int>::arange(0..7, &Device::flex()).float();
        let images = images.reshape([7, 1, 1, 1]);
        let rows = |part: Tensor<4>| {
            assert!(part.dims()[0] <= 3);
            Ok::<_, ()>(part.flatten::<2>(1, 3) * 2.0)
        };
        let doubled = in_parts(images.clone(), 3, rows).unwrap();
        assert_eq!(ebm_tensor::values(doubled), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
        let refused = in_parts(images, 3, |_| Err("refused"));
        assert_eq!(refused.map(|_| ()), Err("refused"));
    }
}
