//! Convolutions by Winograd's tiles: F(4 × 4, 3 × 3) for stride 1, and for 4 × 4 kernels of stride 2 the sum
//! of four 2 × 2 convolutions of stride 1, one for each parity of row and column, by F(4 × 4, 2 × 2).
//!
//! A tile of N × N inputs gives 4 × 4 outputs from N² products instead of 16·taps². Every product is one of a
//! matrix over channels, so a layer is N² matrix products between two transforms. The weights' transforms are
//! made once for a plan. The input gradient is the transposed algorithm: the same products with transposed
//! matrices, between the transposed transforms.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::buffer::{Buffer, padded};
use crate::gemm::{OuterProducts, PANEL, Packed, Product};
use crate::network::{Geometry, Layer};
use crate::plan::{Convolution, Pass, Pixels, Scratch};
use crate::tables::{CookToom, M, Tables, Tile};

/// Floats of transformed inputs that are worked on together.
const POINTS: usize = 1 << 18;
/// Floats between the ends of one point's rows and the next: without them the N² streams of a transform
/// would share few sets of the first-level cache.
const GAP: usize = 5 * 16;
/// A tile's pixel that lies outside of the image.
const OUTSIDE: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Winograd<const N: usize> {
    geometry: Geometry,
    /// Input and output channels, padded.
    channels: [usize; 2],
    /// Pixels of each tile of the input, `[tile, parity, N²]`, and of the output, `[tile, 16]`.
    input: Vec<u32>,
    output: Vec<u32>,
    /// For each of the N² points `[parity · input channel, output channel]`, and transposed.
    forward: Vec<Packed>,
    backward: Vec<Packed>,
    bias: Buffer,
}

/// Multiply-adds of one image by tiles of `n`; `None` if the layer is not such a convolution.
pub(crate) fn multiply_adds(geometry: &Geometry, n: usize) -> Option<usize> {
    let taps = n + 1 - M;
    let fits = geometry.stride <= 2 && geometry.kernel.div_ceil(geometry.stride) == taps;
    let tiles = geometry.height_out.div_ceil(M) * geometry.width_out.div_ceil(M);
    let parities = geometry.stride * geometry.stride;
    fits.then_some(tiles * n * n * parities * geometry.channels_in * geometry.channels_out)
}

impl<const N: usize> Winograd<N>
where
    CookToom: Tile<N>,
{
    const TABLES: Tables<N> = <CookToom as Tile<N>>::TABLES;
    /// Taps along one axis.
    const SIDE: usize = N + 1 - M;

    pub(crate) fn new(geometry: Geometry, layer: &Layer) -> Self {
        let Geometry { channels_in, channels_out, stride, .. } = geometry;
        let channels = [padded(channels_in), padded(channels_out)];
        let inner = stride * stride * channels[0];
        let taps = Self::taps(&geometry, layer, channels);
        // U = G·w·Gᵀ: at each point a sum over the taps.
        let [forward, backward] = [false, true].map(|transposed| {
            let [k, columns] = if transposed { [channels[1], inner] } else { [inner, channels[1]] };
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
        });
        let mut bias = Buffer::zeros(channels_out);
        bias[..layer.bias.len()].copy_from_slice(&layer.bias);
        let [input, output] = Self::pixels(&geometry);
        Self { geometry, channels, input, output, forward, backward, bias }
    }

    /// The weights by tap of the convolutions of stride 1, `[parity · input channel, output channel]` and
    /// transposed.
    fn taps(geometry: &Geometry, layer: &Layer, channels: [usize; 2]) -> Vec<[Vec<f32>; 2]> {
        let Geometry { channels_in, channels_out, kernel, stride, .. } = *geometry;
        let inner = stride * stride * channels[0];
        (0..Self::SIDE * Self::SIDE)
            .into_par_iter()
            .map(|tap| {
                let mut weights = [0, 1].map(|_| vec![0.0; inner * channels[1]]);
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
                            let i = parity * channels[0] + channel;
                            weights[0][i * channels[1] + out] = weight;
                            weights[1][out * inner + i] = weight;
                        }
                    }
                }
                weights
            })
            .collect()
    }

    /// The pixels of the tiles, within one image.
    fn pixels(geometry: &Geometry) -> [Vec<u32>; 2] {
        let Geometry { height_in, width_in, height_out, width_out, stride, top, left, .. } =
            *geometry;
        let pixel = |y: usize, x: usize, height: usize, width: usize| {
            if y < height && x < width { (y * width + x) as u32 } else { OUTSIDE }
        };
        let [mut input, mut output] = [Vec::new(), Vec::new()];
        for tile_y in 0..height_out.div_ceil(M) {
            for tile_x in 0..width_out.div_ceil(M) {
                for parity in 0..stride * stride {
                    for (i, j) in (0..N * N).map(|point| (point / N, point % N)) {
                        let y = stride * (M * tile_y + i) + parity / stride;
                        let x = stride * (M * tile_x + j) + parity % stride;
                        // What lies before the image wraps to a number that lies beyond it.
                        let (y, x) = (y.wrapping_sub(top), x.wrapping_sub(left));
                        input.push(pixel(y, x, height_in, width_in));
                    }
                }
                for (i, j) in (0..M * M).map(|point| (point / M, point % M)) {
                    output.push(pixel(M * tile_y + i, M * tile_x + j, height_out, width_out));
                }
            }
        }
        [input, output]
    }

    fn parities(&self) -> usize {
        self.geometry.stride * self.geometry.stride
    }

    /// Tiles of an image.
    fn tiles(&self) -> usize {
        self.output.len() / (M * M)
    }

    /// Tiles that are worked on together.
    fn chunk(&self) -> usize {
        let inner = self.parities() * self.channels[0];
        (POINTS / (N * N * inner.max(self.channels[1]))).clamp(32, 64)
    }

    /// How much a tap counts at a point.
    fn factor(point: usize, tap: usize) -> f32 {
        let g = Self::TABLES.g;
        g[point / N][tap / Self::SIDE] * g[point % N][tap % Self::SIDE]
    }

    /// The N² products of a chunk, a panel of columns at a time; `finish(first column, points)` uses them.
    fn products(
        &self,
        arch: Arch,
        matrices: &[Packed],
        scratch: &mut Scratch,
        tiles: &Range<usize>,
        [left, right]: [usize; 2],
        mut finish: impl FnMut(usize, &[f32]),
    ) {
        let k = matrices[0].k();
        for column in (0..matrices[0].columns()).step_by(PANEL) {
            let width = PANEL.min(matrices[0].columns() - column);
            for (point, matrix) in matrices.iter().enumerate() {
                Product {
                    panel: matrix.panel(column),
                    k,
                    rows: &scratch.left[point * left..],
                    row_stride: k,
                    count: tiles.len(),
                    out: &mut scratch.right[point * right..],
                    out_stride: width,
                    bias: &[],
                    slope: 1.0,
                }
                .run(arch);
            }
            finish(column, &scratch.right);
        }
    }

    fn chunks(&self, samples: usize, work: impl FnMut(Range<usize>)) {
        let (all, chunk) = (samples * self.tiles(), self.chunk());
        (0..all).step_by(chunk).map(|first| first..all.min(first + chunk)).for_each(work);
    }

    fn select<'a>(
        &self,
        tiles: &Range<usize>,
        pixels: &'a [u32],
        per_image: usize,
        channels: usize,
    ) -> Tiles<'a> {
        Tiles { range: tiles.clone(), count: self.tiles(), pixels, per_image, channels }
    }
}

impl<const N: usize> Convolution for Winograd<N>
where
    CookToom: Tile<N>,
{
    fn reserve(&self, scratch: &mut Scratch) {
        let inner = self.parities() * self.channels[0];
        let rows = self.chunk() * inner.max(self.channels[1]);
        scratch.left.reserve(N * N * (rows + GAP));
        scratch.right.reserve(N * N * (self.chunk() * PANEL + GAP));
    }

    fn forward(
        &self,
        Pass { arch, samples, slope }: Pass,
        x: Pixels<&[f32]>,
        mut y: Pixels<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        let geometry = &self.geometry;
        self.chunks(samples, |tiles| {
            let inner = self.parities() * self.channels[0];
            let [left, right] = [tiles.len() * inner + GAP, tiles.len() * PANEL + GAP];
            arch.dispatch(ToPoints::<InputTransform, N, N> {
                tiles: self.select(&tiles, &self.input, geometry.pixels_in(), self.channels[0]),
                image: &x,
                points: &mut scratch.left,
                stride: left,
                transform: PhantomData,
            });
            self.products(arch, &self.forward, scratch, &tiles, [left, right], |column, points| {
                arch.dispatch(FromPoints::<OutputTransform, N, M> {
                    tiles: self.select(
                        &tiles,
                        &self.output,
                        geometry.pixels_out(),
                        self.channels[1],
                    ),
                    points,
                    stride: right,
                    columns: column..self.channels[1].min(column + PANEL),
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
        let geometry = &self.geometry;
        let inner = self.parities() * self.channels[0];
        dx.data[dx.first..][..samples * geometry.pixels_in() * self.channels[0]].fill(0.0);
        self.chunks(samples, |tiles| {
            let left = tiles.len() * self.channels[1] + GAP;
            let right = tiles.len() * PANEL + GAP;
            arch.dispatch(ToPoints::<OutputTransposed, M, N> {
                tiles: self.select(&tiles, &self.output, geometry.pixels_out(), self.channels[1]),
                image: &dz,
                points: &mut scratch.left,
                stride: left,
                transform: PhantomData,
            });
            self.products(
                arch,
                &self.backward,
                scratch,
                &tiles,
                [left, right],
                |column, points| {
                    arch.dispatch(FromPoints::<InputTransposed, N, N> {
                        tiles: self.select(
                            &tiles,
                            &self.input,
                            geometry.pixels_in(),
                            self.channels[0],
                        ),
                        points,
                        stride: right,
                        columns: column..inner.min(column + PANEL),
                        image: dx.reborrow(),
                        finish: Finish::Add,
                        transform: PhantomData,
                    });
                },
            );
        });
    }

    fn gradient_len(&self) -> usize {
        N * N * self.parities() * self.channels[0] * self.channels[1]
    }

    fn accumulate(
        &self,
        Pass { arch, samples, .. }: Pass,
        x: Pixels<&[f32]>,
        dz: Pixels<&[f32]>,
        sum: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let geometry = &self.geometry;
        let inner = self.parities() * self.channels[0];
        scratch.right.reserve(N * N * (self.chunk() * self.channels[1] + GAP));
        self.chunks(samples, |tiles| {
            let left = tiles.len() * inner + GAP;
            let right = tiles.len() * self.channels[1] + GAP;
            arch.dispatch(ToPoints::<InputTransform, N, N> {
                tiles: self.select(&tiles, &self.input, geometry.pixels_in(), self.channels[0]),
                image: &x,
                points: &mut scratch.left,
                stride: left,
                transform: PhantomData,
            });
            arch.dispatch(ToPoints::<OutputTransposed, M, N> {
                tiles: self.select(&tiles, &self.output, geometry.pixels_out(), self.channels[1]),
                image: &dz,
                points: &mut scratch.right,
                stride: right,
                transform: PhantomData,
            });
            let sums = sum.par_chunks_exact_mut(inner * self.channels[1]).enumerate();
            let (left_points, right_points) = (&*scratch.left, &*scratch.right);
            sums.for_each(|(point, sum)| {
                arch.dispatch(OuterProducts {
                    left: &left_points[point * left..],
                    left_stride: inner,
                    right: &right_points[point * right..],
                    columns: self.channels[1],
                    count: tiles.len(),
                    out: sum,
                });
            });
        });
    }

    fn finish(&self, sum: &[f32]) -> Vec<f32> {
        let Geometry { channels_in, channels_out, kernel, stride, .. } = self.geometry;
        let (inner, columns) = (self.parities() * self.channels[0], self.channels[1]);
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
                *weight = values[(parity * self.channels[0] + channel) * columns + out];
            }
        });
        weight
    }

    fn multiply_adds(&self) -> usize {
        multiply_adds(&self.geometry, N).unwrap_or(usize::MAX)
    }
}

/// Some tiles, and where their pixels are.
struct Tiles<'a> {
    range: Range<usize>,
    /// Tiles of an image.
    count: usize,
    /// `[tile, parity, pixel of the tile]`.
    pixels: &'a [u32],
    /// Pixels of an image.
    per_image: usize,
    channels: usize,
}

impl Tiles<'_> {
    /// Parities, where a tile has `SIDE`² pixels.
    #[inline(always)]
    fn parities<const SIDE: usize>(&self) -> usize {
        self.pixels.len() / (self.count * SIDE * SIDE)
    }

    /// Where the pixels of a tile begin, in vectors of `lanes`.
    #[inline(always)]
    fn offsets<const SIDE: usize>(
        &self,
        [tile, parity]: [usize; 2],
        [first, outside]: [usize; 2],
        lanes: usize,
    ) -> [[usize; SIDE]; SIDE] {
        let (sample, tile) = (tile / self.count, tile % self.count);
        let start = (tile * self.parities::<SIDE>() + parity) * SIDE * SIDE;
        let pixels = &self.pixels[start..][..SIDE * SIDE];
        let mut offsets = [[outside / lanes; SIDE]; SIDE];
        for (offset, &pixel) in offsets.as_flattened_mut().iter_mut().zip(pixels) {
            if pixel != OUTSIDE {
                let pixel = sample * self.per_image + pixel as usize;
                *offset = (first + pixel * self.channels) / lanes;
            }
        }
        offsets
    }
}

/// A constant matrix that kernels unroll over.
trait Matrix<const O: usize, const I: usize> {
    const ROWS: [[f32; I]; O];
}

/// Bᵀ, Aᵀ and their transposes.
struct InputTransform;
struct OutputTransform;
struct InputTransposed;
struct OutputTransposed;

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

/// T·d·Tᵀ for a constant T.
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

/// Σᵢ row[i]·x[i]; the compiler knows the row and leaves out what it can.
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

/// Transforms tiles of images: points `[point, tile, parity · channel]`, `stride` floats from point to point.
struct ToPoints<'a, T, const I: usize, const O: usize> {
    tiles: Tiles<'a>,
    image: &'a Pixels<&'a [f32]>,
    points: &'a mut [f32],
    stride: usize,
    transform: PhantomData<T>,
}

impl<T: Matrix<O, I>, const I: usize, const O: usize> WithSimd for ToPoints<'_, T, I, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors = self.tiles.channels / S::F32_LANES;
        let (image, _) = S::as_simd_f32s(self.image.data);
        let places = [self.image.first, self.image.outside];
        let (points, _) = S::as_mut_simd_f32s(self.points);
        let stride = self.stride / S::F32_LANES;
        let parities = self.tiles.parities::<I>();
        for (slot, tile) in self.tiles.range.clone().enumerate() {
            for parity in 0..parities {
                let offsets: [[usize; I]; I] =
                    self.tiles.offsets([tile, parity], places, S::F32_LANES);
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

/// What becomes of a transformed value.
enum Finish<'a> {
    /// Plus the bias, through LeakyReLU, into the image.
    Store { bias: &'a [f32], slope: f32 },
    /// Added to the image: tiles of inputs overlap.
    Add,
}

/// Transforms points `[point, tile, columns]` into tiles of images.
struct FromPoints<'a, T, const I: usize, const O: usize> {
    tiles: Tiles<'a>,
    points: &'a [f32],
    stride: usize,
    /// Of `[parity, channel]`.
    columns: Range<usize>,
    image: Pixels<&'a mut [f32]>,
    finish: Finish<'a>,
    transform: PhantomData<T>,
}

impl<T: Matrix<O, I>, const I: usize, const O: usize> WithSimd for FromPoints<'_, T, I, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors = self.tiles.channels / S::F32_LANES;
        let (points, _) = S::as_simd_f32s(self.points);
        let (image, _) = S::as_mut_simd_f32s(self.image.data);
        let places = [self.image.first, self.image.outside];
        let stride = self.stride / S::F32_LANES;
        let width = self.columns.len() / S::F32_LANES;
        for (slot, tile) in self.tiles.range.clone().enumerate() {
            for column in 0..width {
                let vector = self.columns.start / S::F32_LANES + column;
                let (parity, vector) = (vector / vectors, vector % vectors);
                let offsets: [[usize; O]; O] =
                    self.tiles.offsets([tile, parity], places, S::F32_LANES);
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
                                let place = &mut image[offset + vector];
                                *place = simd.add_f32s(*place, *value);
                            }
                        }
                    }
                }
            }
        }
    }
}
