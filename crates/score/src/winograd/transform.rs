//! The transforms of tiles to the points at which products are computed, and back.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::tables::{CookToom, M, Tile};
use super::tiles::Tiles;
use crate::convolution::Pixels;

/// The floats between the last row of one point and the first of the next: without them the N²
/// streams of a transform would compete for a few sets of the first-level cache.
pub(super) const GAP: usize = 5 * 16;

/// A constant matrix over which kernels unroll.
pub(super) trait Matrix<const O: usize, const I: usize> {
    const ROWS: [[f32; I]; O];
}

/// The transform of the input by Bᵀ.
pub(super) struct InputTransform;
/// The transform of the output by Aᵀ.
pub(super) struct OutputTransform;
/// The transposed transform of the input, by B.
pub(super) struct InputTransposed;
/// A.
pub(super) struct OutputTransposed;

impl<const N: usize> Matrix<N, N> for InputTransform
where
    CookToom: Tile<N>,
{
    const ROWS: [[f32; N]; N] = <CookToom as Tile<N>>::TABLES.bt;
}

impl<const N: usize> Matrix<M, N> for OutputTransform
where
    CookToom: Tile<N>,
{
    const ROWS: [[f32; N]; M] = <CookToom as Tile<N>>::TABLES.at;
}

impl<const N: usize> Matrix<N, N> for InputTransposed
where
    CookToom: Tile<N>,
{
    const ROWS: [[f32; N]; N] = <CookToom as Tile<N>>::TABLES.b;
}

impl<const N: usize> Matrix<N, M> for OutputTransposed
where
    CookToom: Tile<N>,
{
    const ROWS: [[f32; M]; N] = <CookToom as Tile<N>>::TABLES.a;
}

/// Returns T·d·Tᵀ for a constant T.
#[inline(always)]
fn sandwich<S: Simd, T: Matrix<O, I>, const I: usize, const O: usize>(
    simd: S,
    d: &[[S::f32s; I]; I],
) -> [[S::f32s; O]; O] {
    let mut half = [[simd.splat_f32s(0.0); I]; O];
    for (half, row) in half.iter_mut().zip(&T::ROWS) {
        for (j, value) in half.iter_mut().enumerate() {
            let mut column = [d[0][j]; I];
            for (element, d) in column.iter_mut().zip(d) {
                *element = d[j];
            }
            *value = combine(simd, row, column);
        }
    }
    let mut whole = [[simd.splat_f32s(0.0); O]; O];
    for (whole, half) in whole.iter_mut().zip(half) {
        for (value, row) in whole.iter_mut().zip(&T::ROWS) {
            *value = combine(simd, row, half);
        }
    }
    whole
}

/// Returns Σᵢ row[i]·x[i]; the row is a constant, so terms with 0 and ±1 are simplified at compile
/// time.
#[inline(always)]
fn combine<S: Simd, const I: usize>(simd: S, row: &[f32; I], x: [S::f32s; I]) -> S::f32s {
    let mut sum = None;
    for i in 0..I {
        sum = match (sum, row[i]) {
            (sum, 0.0) => sum,
            (None, 1.0) => Some(x[i]),
            (None, factor) => Some(simd.mul_f32s(simd.splat_f32s(factor), x[i])),
            (Some(sum), 1.0) => Some(simd.add_f32s(sum, x[i])),
            (Some(sum), -1.0) => Some(simd.sub_f32s(sum, x[i])),
            (Some(sum), factor) => Some(simd.mul_add_f32s(simd.splat_f32s(factor), x[i], sum)),
        };
    }
    sum.unwrap_or(simd.splat_f32s(0.0))
}

impl<const I: usize> Tiles<I> {
    /// Transforms the images' tiles `range` to `[point, tile, parity · channel]`, T·d·Tᵀ, and
    /// returns the floats from point to point.
    pub(super) fn to_points<T: Matrix<O, I>, const O: usize>(
        &self,
        arch: Arch,
        image: &Pixels<&[f32]>,
        range: &Range<usize>,
        points: &mut [f32],
    ) -> usize {
        let stride = range.len() * self.depth() + GAP;
        let (tiles, range, transform) = (self.view(), range.clone(), PhantomData::<T>);
        arch.dispatch(ToPoints { tiles, range, image, points, stride, transform });
        stride
    }
}

/// The kernel of [`Tiles::to_points`].
struct ToPoints<'a, T, const I: usize, const O: usize> {
    tiles: Tiles<I, &'a [u32]>,
    range: Range<usize>,
    image: &'a Pixels<&'a [f32]>,
    points: &'a mut [f32],
    stride: usize,
    transform: PhantomData<T>,
}

impl<T: Matrix<O, I>, const I: usize, const O: usize> WithSimd for ToPoints<'_, T, I, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tiles = &self.tiles;
        let vectors = tiles.channels / S::F32_LANES;
        let (image, _) = S::as_simd_f32s(self.image.data);
        let bases = [self.image.first, self.image.outside];
        let (points, _) = S::as_mut_simd_f32s(self.points);
        let stride = self.stride / S::F32_LANES;
        let parities = tiles.parities();
        for (slot, tile) in self.range.enumerate() {
            for parity in 0..parities {
                let offsets = tiles.offsets([tile, parity], bases, S::F32_LANES);
                let first = (slot * parities + parity) * vectors;
                for vector in 0..vectors {
                    let mut d = [[simd.splat_f32s(0.0); I]; I];
                    for (d, offset) in d.as_flattened_mut().iter_mut().zip(offsets.as_flattened()) {
                        *d = image[offset + vector];
                    }
                    let transformed = sandwich::<S, T, I, O>(simd, &d);
                    for (point, value) in transformed.as_flattened().iter().enumerate() {
                        points[point * stride + first + vector] = *value;
                    }
                }
            }
        }
    }
}

/// The last step of a kernel, applied to a transformed value.
pub(super) enum Finish<'a> {
    /// Adds the bias, applies the LeakyReLU and stores the result in the image.
    Store { bias: &'a [f32], slope: f32 },
    /// Adds the value to the image: the tiles of an input overlap.
    Add,
}

/// The kernel that transforms points `[point, tile, columns]`, `stride` floats from point to point,
/// into tiles of images.
pub(super) struct FromPoints<'a, T, const I: usize, const O: usize> {
    pub(super) tiles: Tiles<O, &'a [u32]>,
    pub(super) range: Range<usize>,
    pub(super) points: &'a [f32],
    pub(super) stride: usize,
    /// A range of `[parity, channel]`.
    pub(super) columns: Range<usize>,
    pub(super) image: Pixels<&'a mut [f32]>,
    pub(super) finish: Finish<'a>,
    pub(super) transform: PhantomData<T>,
}

impl<T: Matrix<O, I>, const I: usize, const O: usize> WithSimd for FromPoints<'_, T, I, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tiles = &self.tiles;
        let vectors = tiles.channels / S::F32_LANES;
        let (points, _) = S::as_simd_f32s(self.points);
        let (image, _) = S::as_mut_simd_f32s(self.image.data);
        let bases = [self.image.first, self.image.outside];
        let stride = self.stride / S::F32_LANES;
        let width = self.columns.len() / S::F32_LANES;
        for (slot, tile) in self.range.enumerate() {
            for column in 0..width {
                let vector = self.columns.start / S::F32_LANES + column;
                let (parity, vector) = (vector / vectors, vector % vectors);
                let offsets = tiles.offsets([tile, parity], bases, S::F32_LANES);
                let first = slot * width + column;
                let mut d = [[simd.splat_f32s(0.0); I]; I];
                for (point, d) in d.as_flattened_mut().iter_mut().enumerate() {
                    *d = points[point * stride + first];
                }
                let transformed = sandwich::<S, T, I, O>(simd, &d);
                match self.finish {
                    Finish::Store { bias, slope } => {
                        let bias = S::as_simd_f32s(bias).0[vector];
                        let slope = simd.splat_f32s(slope);
                        for (offsets, values) in offsets.iter().zip(&transformed) {
                            for (offset, value) in offsets.iter().zip(values) {
                                let sum = simd.add_f32s(*value, bias);
                                image[offset + vector] =
                                    simd.max_f32s(sum, simd.mul_f32s(sum, slope));
                            }
                        }
                    }
                    Finish::Add => {
                        for (offsets, values) in offsets.iter().zip(&transformed) {
                            for (offset, value) in offsets.iter().zip(values) {
                                let pixel = &mut image[offset + vector];
                                *pixel = simd.add_f32s(*pixel, *value);
                            }
                        }
                    }
                }
            }
        }
    }
}
