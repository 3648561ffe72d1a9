//! Convolutions of any kernel and stride as products of patches with the weights (im2col).

use std::ops::Range;

use crate::buffer::{Buffer, padded};
use crate::convolution::{Convolution, Pass, Pixels, Scratch};
use crate::gemm::{OuterProducts, Packed, Product, chunk_ranges};
use crate::geometry::Geometry;
use crate::network::Layer;

/// The floats of patches that are processed together: they stay in the second-level cache.
const PATCHES: usize = 1 << 16;

/// The number of output pixels below which images share products, so that weights are read once for
/// several.
const FEW: usize = 64;

/// The memory layout of the input: `planes` images of `[height, width, depth]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    planes: usize,
    depth: usize,
}

impl Layout {
    /// Returns the layout `[channels, height, width]` of the network's input.
    pub(crate) fn planes(channels: usize) -> Self {
        Self { planes: channels, depth: 1 }
    }

    /// Returns the layout `[height, width, channels]` of activations, channels padded.
    pub(crate) fn channels_last(channels: usize) -> Self {
        Self { planes: 1, depth: padded(channels) }
    }

    /// Returns the channel and the tap of element `i` of a patch, `[plane, tap, depth]`; `None` for
    /// padding.
    fn channel_and_tap(self, geometry: &Geometry, i: usize) -> Option<[usize; 2]> {
        let taps = geometry.kernel * geometry.kernel;
        let (tap, depth) = (i / self.depth, i % self.depth);
        let channel = tap / taps + depth;
        (tap / taps < self.planes && channel < geometry.channels_in)
            .then_some([channel, tap % taps])
    }
}

/// A convolution that gathers the patches of its input and multiplies them with the weights.
#[derive(Debug)]
pub(crate) struct Direct {
    geometry: Geometry,
    layout: Layout,
    /// The weights of the forward pass, `[patch, output channels]`.
    forward: Packed,
    /// The weights of the backward pass, `[output channels, patch]`.
    backward: Packed,
    bias: Buffer,
}

impl Direct {
    pub(crate) fn new(geometry: Geometry, layer: &Layer, layout: Layout) -> Self {
        let Geometry { channels_in, channels_out, kernel, .. } = geometry;
        let patch = layout.planes * kernel * kernel * layout.depth;
        let weight = |i: usize, out: usize| match layout.channel_and_tap(&geometry, i) {
            Some([channel, tap]) if out < channels_out => {
                layer.weight[(out * channels_in + channel) * kernel * kernel + tap]
            }
            _ => 0.0,
        };
        Self {
            geometry,
            layout,
            forward: Packed::new(patch, channels_out, |i, first, row| {
                row.iter_mut().enumerate().for_each(|(out, w)| *w = weight(i, first + out));
            }),
            backward: Packed::new(padded(channels_out), patch, |out, first, row| {
                row.iter_mut().enumerate().for_each(|(i, w)| *w = weight(first + i, out));
            }),
            bias: layer.padded_bias(),
        }
    }

    /// Returns the number of patches that are processed together, across the borders of images.
    fn rows(&self) -> usize {
        (PATCHES / self.backward.columns()).clamp(1, self.geometry.pixels_out().max(FEW))
    }

    /// Copies the patches of these output pixels, one per row.
    fn gather(&self, x: &[f32], pixels: &Range<usize>, patches: &mut [f32]) {
        patches.fill(0.0);
        self.visit(pixels, self.forward.k(), |from, to, len| {
            patches[to..to + len].copy_from_slice(&x[from..from + len]);
        });
    }

    /// Returns the length of an input image.
    fn image_len(&self) -> usize {
        self.layout.planes * self.geometry.pixels_in() * self.layout.depth
    }

    /// Calls `work` with ranges of output pixels that are processed together, counted from the
    /// first pixel of the first sample.
    fn chunks(&self, samples: usize, work: impl FnMut(Range<usize>)) {
        chunk_ranges(samples * self.geometry.pixels_out(), self.rows()).for_each(work);
    }

    /// Calls `run(offset in the images, offset in the patches, length)` for every run of floats
    /// that is contiguous both in an image and in the patch of one of these output pixels; patches
    /// are `stride` floats apart.
    #[inline(always)]
    fn visit(
        &self,
        pixels: &Range<usize>,
        stride: usize,
        mut run: impl FnMut(usize, usize, usize),
    ) {
        let Geometry { height_in, width_in, width_out, kernel, top, left, .. } = self.geometry;
        let depth = self.layout.depth;
        for (row, pixel) in pixels.clone().enumerate() {
            let (sample, pixel) =
                (pixel / self.geometry.pixels_out(), pixel % self.geometry.pixels_out());
            let (oy, ox) = (pixel / width_out, pixel % width_out);
            let (y, x) = (oy * self.geometry.stride, ox * self.geometry.stride);
            // Taps in the image: 0 ≤ x + kx − left < width_in.
            let from = left.saturating_sub(x).min(kernel);
            let until = kernel.min((width_in + left).saturating_sub(x));
            if from >= until {
                continue;
            }
            for plane in 0..self.layout.planes {
                let rows = (sample * self.layout.planes + plane) * height_in;
                for ky in top.saturating_sub(y)..kernel.min((height_in + top).saturating_sub(y)) {
                    let pixel = (rows + y + ky - top) * width_in + x + from - left;
                    let tap = (plane * kernel + ky) * kernel + from;
                    run(pixel * depth, row * stride + tap * depth, (until - from) * depth);
                }
            }
        }
    }
}

impl Convolution for Direct {
    fn reserve(&self, scratch: &mut Scratch) {
        scratch.left.reserve(self.rows() * self.backward.columns());
    }

    fn forward(
        &self,
        Pass { arch, samples, slope }: Pass,
        x: Pixels<&[f32]>,
        y: Pixels<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        let (x, y) = (&x.data[x.first..], &mut y.data[y.first..]);
        let (k, columns) = (self.forward.k(), self.forward.columns());
        self.chunks(samples, |pixels| {
            let patches = &mut scratch.left[..pixels.len() * k];
            self.gather(x, &pixels, patches);
            for (column, panel) in self.forward.panels(0..columns) {
                Product {
                    panel,
                    k,
                    rows: patches,
                    row_stride: k,
                    count: pixels.len(),
                    out: &mut y[pixels.start * columns + column..],
                    out_stride: columns,
                    bias: &self.bias[column..],
                    slope,
                }
                .run(arch);
            }
        });
    }

    fn backward(
        &self,
        Pass { arch, samples, .. }: Pass,
        dz: Pixels<&[f32]>,
        dx: Pixels<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        let (dz, dx) = (&dz.data[dz.first..], &mut dx.data[dx.first..]);
        let (k, columns) = (self.backward.k(), self.backward.columns());
        dx[..samples * self.image_len()].fill(0.0);
        self.chunks(samples, |pixels| {
            let patches = &mut scratch.left[..pixels.len() * columns];
            for (column, panel) in self.backward.panels(0..columns) {
                Product {
                    panel,
                    k,
                    rows: &dz[pixels.start * k..],
                    row_stride: k,
                    count: pixels.len(),
                    out: &mut patches[column..],
                    out_stride: columns,
                    bias: &[],
                    slope: 1.0,
                }
                .run(arch);
            }
            arch.dispatch(|| {
                self.visit(&pixels, columns, |to, from, len| {
                    let (image, patch) = (&mut dx[to..to + len], &patches[from..from + len]);
                    image.iter_mut().zip(patch).for_each(|(dx, patch)| *dx += patch);
                });
            });
        });
    }

    fn gradient_len(&self) -> usize {
        self.forward.k() * self.forward.columns()
    }

    fn accumulate(
        &self,
        Pass { arch, samples, .. }: Pass,
        x: Pixels<&[f32]>,
        dz: Pixels<&[f32]>,
        sum: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (x, dz) = (&x.data[x.first..], &dz.data[dz.first..]);
        let (k, columns) = (self.forward.k(), self.forward.columns());
        self.chunks(samples, |pixels| {
            let patches = &mut scratch.left[..pixels.len() * k];
            self.gather(x, &pixels, patches);
            arch.dispatch(OuterProducts {
                left: patches,
                left_stride: k,
                right: &dz[pixels.start * columns..],
                columns,
                count: pixels.len(),
                out: &mut sum[..k * columns],
            });
        });
    }

    fn finish(&self, sum: &[f32]) -> Vec<f32> {
        let Geometry { channels_in, channels_out, kernel, .. } = self.geometry;
        let columns = self.forward.columns();
        let mut weight = vec![0.0; channels_out * channels_in * kernel * kernel];
        for (i, line) in sum.chunks_exact(columns).take(self.forward.k()).enumerate() {
            let Some([channel, tap]) = self.layout.channel_and_tap(&self.geometry, i) else {
                continue;
            };
            for (out, value) in line[..channels_out].iter().enumerate() {
                weight[(out * channels_in + channel) * kernel * kernel + tap] = *value;
            }
        }
        weight
    }

    fn multiply_adds(&self) -> usize {
        self.geometry.multiply_adds()
    }
}
