//! The Langevin update, with drift and noise in one pass where the state lies in the host's memory.

use burn::tensor::{DType, Tensor};
use ebm_noise::Key;
use ebm_tensor::is_host;
use rayon::prelude::*;

/// The number of elements in a chunk of rows that one core works on.
const CHUNK: usize = 1 << 13;

/// Returns x − (δ²/2)·∇U + δ·ε with ε ~ N(0, I) from the key `noise`, or without ε if there is
/// none. The numbers are the same on every device. On the host it is one pass over memory, on all
/// cores.
pub(crate) fn langevin_update<const D: usize>(
    x: Tensor<D>,
    gradient: Tensor<D>,
    step_size: f64,
    noise: Option<Key>,
) -> Tensor<D> {
    let (shape, device) = (x.dims(), x.device());
    let drift = 0.5 * step_size * step_size;
    let single = [x.dtype(), gradient.dtype()] == [DType::F32; 2];
    if !is_host(&device) || !single || x.is_autodiff() {
        let moved = x - gradient * drift;
        return match noise {
            Some(key) => moved + key.normal(shape, &device) * step_size,
            None => moved,
        };
    }
    let mut values = x.into_data();
    let gradient = gradient.into_data();
    let (Ok(x), Ok(gradient)) = (values.as_mut_slice::<f32>(), gradient.as_slice::<f32>()) else {
        unreachable!("both are f32")
    };
    let per_row = shape[1..].iter().product::<usize>().max(1);
    let rows = (CHUNK / per_row).max(1);
    let (drift, step_size) = (drift as f32, step_size as f32);
    let chunks = x.par_chunks_mut(rows * per_row).zip(gradient.par_chunks(rows * per_row));
    chunks.enumerate().for_each(|(chunk, (x, gradient))| {
        let lines = x.chunks_exact_mut(per_row).zip(gradient.chunks_exact(per_row));
        for (row, (x, gradient)) in lines.enumerate() {
            let Some(key) = noise else {
                x.iter_mut().zip(gradient).for_each(|(x, g)| *x -= drift * g);
                continue;
            };
            let row = (chunk * rows + row) as u32;
            key.normal_row(row, per_row, |first, noise| {
                let x = x[first..].iter_mut().zip(&gradient[first..]);
                x.zip(noise).for_each(|((x, g), e)| *x = *x - drift * g + step_size * e);
            });
        }
    });
    Tensor::from_data(values, &device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// The bits are those of the same expression in tensors, also across chunk borders.
    #[test]
    fn equals_tensors() {
        let device = Device::flex();
        for shape in [[3, 20_001], [7000, 3], [1, 1]] {
            let x = Key::new(1).normal::<2>(shape, &device);
            let gradient = Key::new(2).normal::<2>(shape, &device);
            let key = Key::new(3);
            let moved = x.clone() - gradient.clone() * 0.125;
            let noisy = moved.clone() + key.normal(shape, &device) * 0.5;
            let update =
                |noise| langevin_update(x.clone(), gradient.clone(), 0.5, noise).into_data();
            update(None).assert_eq(&moved.into_data(), true);
            update(Some(key)).assert_eq(&noisy.into_data(), true);
        }
    }
}
