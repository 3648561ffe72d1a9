//! Convolutions by Winograd's tiles: F(4 × 4, 3 × 3) for stride 1; a 4 × 4 kernel of stride 2 is
//! the sum of four 2 × 2 convolutions of stride 1, one for each parity of row and column, by F(4 ×
//! 4, 2 × 2).
//!
//! A tile of N × N inputs yields 4 × 4 outputs with N² products instead of 16·taps². Each product
//! is a matrix product over channels, so a layer is N² matrix products between two transforms. The
//! weights are transformed once per plan. The input gradient is the transposed algorithm: the same
//! products with transposed matrices, between the transposed transforms.

mod tables;
mod tiles;
mod transform;
mod weights;

use std::marker::PhantomData;
use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use self::tables::{CookToom, M, Tile};
use self::tiles::{Tiles, grid};
use self::transform::{
    Finish, FromPoints, GAP, InputTransform, InputTransposed, OutputTransform, OutputTransposed,
};
use crate::buffer::Buffer;
use crate::convolution::{Convolution, Pass, Pixels, Scratch};
use crate::gemm::{OuterProducts, PANEL, Packed, Product, chunk_ranges};
use crate::geometry::Geometry;
use crate::network::Layer;

/// The floats of transformed inputs that are processed together.
const POINTS: usize = 1 << 18;

/// A convolution by tiles of `N` × `N` inputs and 4 × 4 outputs.
#[derive(Debug)]
pub(crate) struct Winograd<const N: usize> {
    geometry: Geometry,
    input: Tiles<N>,
    output: Tiles<M>,
    /// The matrices of the N² points, each `[parity · input channel, output channel]`.
    forward: Vec<Packed>,
    /// The transposed matrices, for the backward pass.
    backward: Vec<Packed>,
    bias: Buffer,
}

/// Returns the multiply-adds of one image by tiles of `n` × `n` inputs; `None` where they do not
/// apply.
pub(crate) fn multiply_adds(geometry: &Geometry, n: usize) -> Option<usize> {
    let taps = n + 1 - M;
    let fits = geometry.stride <= 2 && geometry.kernel.div_ceil(geometry.stride) == taps;
    let [down, across] = grid(geometry);
    let parities = geometry.stride * geometry.stride;
    fits.then_some(down * across * n * n * parities * geometry.channels_in * geometry.channels_out)
}

impl<const N: usize> Winograd<N>
where
    CookToom: Tile<N>,
{
    pub(crate) fn new(geometry: Geometry, layer: &Layer) -> Self {
        let (input, output) = (Tiles::input(&geometry), Tiles::output(&geometry));
        let [forward, backward] =
            weights::transform::<N>(&geometry, layer, [input.depth(), output.depth()]);
        Self { geometry, input, output, forward, backward, bias: layer.padded_bias() }
    }

    /// Returns the number of tiles that are processed together.
    fn chunk(&self) -> usize {
        (POINTS / (N * N * self.deepest())).clamp(32, 64)
    }

    /// Returns the floats of a tile at one point, of the input or the output, whichever has more.
    fn deepest(&self) -> usize {
        self.input.depth().max(self.output.depth())
    }

    fn chunks(&self, samples: usize, work: impl FnMut(Range<usize>)) {
        chunk_ranges(samples * self.output.count, self.chunk()).for_each(work);
    }
}

/// Multiplies `count` tiles at every point of `scratch.left`, `left` floats from point to point,
/// [`PANEL`] columns at a time, and passes the products to `finish(columns, points, stride)`,
/// `stride` floats from point to point.
fn products(
    arch: Arch,
    matrices: &[Packed],
    scratch: &mut Scratch,
    count: usize,
    left: usize,
    mut finish: impl FnMut(Range<usize>, &[f32], usize),
) {
    let (k, columns, right) = (matrices[0].k(), matrices[0].columns(), count * PANEL + GAP);
    for part in chunk_ranges(columns, PANEL) {
        for (point, matrix) in matrices.iter().enumerate() {
            for (first, panel) in matrix.panels(part.clone()) {
                Product {
                    panel,
                    k,
                    rows: &scratch.left[point * left..],
                    row_stride: k,
                    count,
                    out: &mut scratch.right[point * right + first - part.start..],
                    out_stride: part.len(),
                    bias: &[],
                    slope: 1.0,
                }
                .run(arch);
            }
        }
        finish(part, &scratch.right, right);
    }
}

impl<const N: usize> Convolution for Winograd<N>
where
    CookToom: Tile<N>,
{
    fn reserve(&self, scratch: &mut Scratch) {
        scratch.left.reserve(N * N * (self.chunk() * self.deepest() + GAP));
        scratch.right.reserve(N * N * (self.chunk() * PANEL + GAP));
    }

    fn forward(
        &self,
        Pass { arch, samples, slope }: Pass,
        x: Pixels<&[f32]>,
        mut y: Pixels<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        self.chunks(samples, |range| {
            let left =
                self.input.to_points::<InputTransform, N>(arch, &x, &range, &mut scratch.left);
            let count = range.len();
            products(arch, &self.forward, scratch, count, left, |columns, points, stride| {
                arch.dispatch(FromPoints::<OutputTransform, N, M> {
                    tiles: self.output.view(),
                    range: range.clone(),
                    points,
                    stride,
                    columns,
                    image: y.reborrow(),
                    finish: Finish::Store { bias: &self.bias, slope },
                    transform: PhantomData,
                });
            });
        });
    }

    fn backward(
        &self,
        Pass { arch, samples, .. }: Pass,
        dz: Pixels<&[f32]>,
        mut dx: Pixels<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        dx.data[dx.first..][..samples * self.input.image_len()].fill(0.0);
        self.chunks(samples, |range| {
            let left =
                self.output.to_points::<OutputTransposed, N>(arch, &dz, &range, &mut scratch.left);
            let count = range.len();
            products(arch, &self.backward, scratch, count, left, |columns, points, stride| {
                arch.dispatch(FromPoints::<InputTransposed, N, N> {
                    tiles: self.input.view(),
                    range: range.clone(),
                    points,
                    stride,
                    columns,
                    image: dx.reborrow(),
                    finish: Finish::Add,
                    transform: PhantomData,
                });
            });
        });
    }

    fn gradient_len(&self) -> usize {
        N * N * self.input.depth() * self.output.depth()
    }

    fn accumulate(
        &self,
        Pass { arch, samples, .. }: Pass,
        x: Pixels<&[f32]>,
        dz: Pixels<&[f32]>,
        sum: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (inner, columns) = (self.input.depth(), self.output.depth());
        scratch.right.reserve(N * N * (self.chunk() * columns + GAP));
        self.chunks(samples, |range| {
            let left =
                self.input.to_points::<InputTransform, N>(arch, &x, &range, &mut scratch.left);
            let right =
                self.output.to_points::<OutputTransposed, N>(arch, &dz, &range, &mut scratch.right);
            let sums = sum.par_chunks_exact_mut(inner * columns).enumerate();
            let (left_points, right_points) = (&*scratch.left, &*scratch.right);
            sums.for_each(|(point, sum)| {
                arch.dispatch(OuterProducts {
                    left: &left_points[point * left..],
                    left_stride: inner,
                    right: &right_points[point * right..],
                    columns,
                    count: range.len(),
                    out: sum,
                });
            });
        });
    }

    fn finish(&self, sum: &[f32]) -> Vec<f32> {
        weights::gradient::<N>(&self.geometry, [self.input.depth(), self.output.depth()], sum)
    }

    fn multiply_adds(&self) -> usize {
        multiply_adds(&self.geometry, N).unwrap_or(usize::MAX)
    }
}
