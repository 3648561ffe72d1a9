//! The transform of the weights, and its transpose for their gradient.

use rayon::prelude::*;

use super::Winograd;
use crate::buffer::padded;
use crate::gemm::Packed;
use crate::network::{Geometry, Layer};
use crate::tables::{CookToom, M, Tables, Tile};

impl<const N: usize> Winograd<N>
where
    CookToom: Tile<N>,
{
    const TABLES: Tables<N> = <CookToom as Tile<N>>::TABLES;
    /// Taps along one axis.
    const SIDE: usize = N + 1 - M;

    /// U = G·w·Gᵀ at each of the N² points, a sum over the taps: `[parity · input channel, output channel]`,
    /// and transposed.
    pub(super) fn weights(
        geometry: &Geometry,
        layer: &Layer,
        [inner, columns]: [usize; 2],
    ) -> [Vec<Packed>; 2] {
        let taps = Self::taps(geometry, layer, [inner, columns]);
        [false, true].map(|transposed| {
            let [k, columns] = if transposed { [columns, inner] } else { [inner, columns] };
            (0..N * N)
                .into_par_iter()
                .map(|point| {
                    let terms: Vec<(f32, &[f32])> = taps
                        .iter()
                        .enumerate()
                        .map(|(tap, weights)| {
                            (Self::factor(point, tap), &weights[usize::from(transposed)][..])
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

    /// The weights by tap of the convolutions of stride 1, `[parity · input channel, output channel]` and
    /// transposed.
    fn taps(
        geometry: &Geometry,
        layer: &Layer,
        [inner, columns]: [usize; 2],
    ) -> Vec<[Vec<f32>; 2]> {
        let Geometry { channels_in, channels_out, kernel, stride, .. } = *geometry;
        (0..Self::SIDE * Self::SIDE)
            .into_par_iter()
            .map(|tap| {
                let mut weights = [0, 1].map(|_| vec![0.0; inner * columns]);
                for parity in 0..stride * stride {
                    let y = stride * (tap / Self::SIDE) + parity / stride;
                    let x = stride * (tap % Self::SIDE) + parity % stride;
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

    /// The weights' gradient from that of U.
    pub(super) fn weight_gradient(&self, sum: &[f32]) -> Vec<f32> {
        let Geometry { channels_in, channels_out, kernel, stride, .. } = self.geometry;
        let (inner, columns) = (self.input.depth(), self.output.depth());
        let taps: Vec<Vec<f32>> = (0..Self::SIDE * Self::SIDE)
            .into_par_iter()
            .map(|tap| {
                let mut weights = vec![0.0; inner * columns];
                for (point, values) in sum.chunks_exact(inner * columns).enumerate() {
                    let factor = Self::factor(point, tap);
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
                let values = &taps[(y / stride) * Self::SIDE + x / stride];
                *weight = values[(parity * self.input.channels + channel) * columns + out];
            }
        });
        weight
    }

    /// How much a tap counts at a point.
    fn factor(point: usize, tap: usize) -> f32 {
        let g = Self::TABLES.g;
        g[point / N][tap / Self::SIDE] * g[point % N][tap % Self::SIDE]
    }
}
