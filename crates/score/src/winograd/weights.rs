//! The transform of the weights, and its transpose for their gradient.

use rayon::prelude::*;

use super::tables::{CookToom, M, Tile};
use crate::buffer::padded;
use crate::gemm::Packed;
use crate::geometry::Geometry;
use crate::network::Layer;

/// Returns the taps along one axis of a filter for tiles of `n` inputs.
const fn taps_per_axis(n: usize) -> usize {
    n + 1 - M
}

/// Computes U = G·w·Gᵀ at each of the N² points, a sum over the taps, as matrices
/// `[parity · input channel, output channel]` and transposed.
pub(super) fn transform<const N: usize>(
    geometry: &Geometry,
    layer: &Layer,
    [inner, columns]: [usize; 2],
) -> [Vec<Packed>; 2]
where
    CookToom: Tile<N>,
{
    let taps = taps::<N>(geometry, layer, [inner, columns]);
    [false, true].map(|transposed| {
        let [k, columns] = if transposed { [columns, inner] } else { [inner, columns] };
        (0..N * N)
            .into_par_iter()
            .map(|point| {
                let terms: Vec<(f32, &[f32])> = taps
                    .iter()
                    .enumerate()
                    .map(|(tap, weights)| {
                        (factor::<N>(point, tap), &weights[usize::from(transposed)][..])
                    })
                    .filter(|(factor, _)| *factor != 0.0)
                    .collect();
                Packed::new(k, columns, |row, first, out| {
                    for (factor, weights) in &terms {
                        let weights = &weights[row * columns + first..][..out.len()];
                        out.iter_mut().zip(weights).for_each(|(u, w)| *u += factor * w);
                    }
                })
            })
            .collect()
    })
}

/// Returns the weights of the convolutions of stride 1, tap by tap, as matrices
/// `[parity · input channel, output channel]` and transposed.
fn taps<const N: usize>(
    geometry: &Geometry,
    layer: &Layer,
    [inner, columns]: [usize; 2],
) -> Vec<[Vec<f32>; 2]> {
    let Geometry { channels_in, channels_out, kernel, stride, .. } = *geometry;
    let side = taps_per_axis(N);
    (0..side * side)
        .into_par_iter()
        .map(|tap| {
            let mut weights = [0, 1].map(|_| vec![0.0; inner * columns]);
            for parity in 0..stride * stride {
                let y = stride * (tap / side) + parity / stride;
                let x = stride * (tap % side) + parity % stride;
                if y >= kernel || x >= kernel {
                    continue;
                }
                for out in 0..channels_out {
                    for channel in 0..channels_in {
                        let index = (out * channels_in + channel) * kernel + y;
                        let weight = layer.weight[index * kernel + x];
                        let i = parity * padded(channels_in) + channel;
                        weights[0][i * columns + out] = weight;
                        weights[1][out * inner + i] = weight;
                    }
                }
            }
            weights
        })
        .collect()
}

/// Returns the gradient of the weights, given that of U.
pub(super) fn gradient<const N: usize>(
    geometry: &Geometry,
    [inner, columns]: [usize; 2],
    sum: &[f32],
) -> Vec<f32>
where
    CookToom: Tile<N>,
{
    let Geometry { channels_in, channels_out, kernel, stride, .. } = *geometry;
    let side = taps_per_axis(N);
    let taps: Vec<Vec<f32>> = (0..side * side)
        .into_par_iter()
        .map(|tap| {
            let mut weights = vec![0.0; inner * columns];
            for (point, values) in sum.chunks_exact(inner * columns).enumerate() {
                let factor = factor::<N>(point, tap);
                if factor != 0.0 {
                    weights.iter_mut().zip(values).for_each(|(w, u)| *w += factor * u);
                }
            }
            weights
        })
        .collect();
    let mut weight = vec![0.0; channels_out * channels_in * kernel * kernel];
    weight.chunks_exact_mut(kernel * kernel).enumerate().for_each(|(pair, taps_of_pair)| {
        let (out, channel) = (pair / channels_in, pair % channels_in);
        for (tap, weight) in taps_of_pair.iter_mut().enumerate() {
            let (y, x) = (tap / kernel, tap % kernel);
            let parity = (y % stride) * stride + x % stride;
            let values = &taps[(y / stride) * side + x / stride];
            *weight = values[(parity * padded(channels_in) + channel) * columns + out];
        }
    });
    weight
}

/// Returns the coefficient of a tap at a point.
fn factor<const N: usize>(point: usize, tap: usize) -> f32
where
    CookToom: Tile<N>,
{
    let (g, side) = (<CookToom as Tile<N>>::TABLES.g, taps_per_axis(N));
    g[point / N][tap / side] * g[point % N][tap % side]
}
