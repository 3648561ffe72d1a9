//! A convolution of any kernel and stride as a product of patches with the weights, and its input gradient.

use crate::buffer::{Buffer, padded};
use crate::gemm::{OuterProducts, Packed, Product};
use crate::network::{Geometry, Layer};
use crate::plan::{Convolution, Pass, Pixels, Scratch};

/// Floats of patches that are worked on together: they stay in the second-level cache.
const PATCHES: usize = 1 << 16;

/// How the input lies in memory: `planes` images of `[height, width, depth]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    planes: usize,
    depth: usize,
}

impl Layout {
    /// `[channels, height, width]`, as images are given.
    pub(crate) fn planes(channels: usize) -> Self {
        Self { planes: channels, depth: 1 }
    }

    /// `[height, width, channels]` with padded channels, as layers leave it.
    pub(crate) fn channels_last(channels: usize) -> Self {
        Self { planes: 1, depth: padded(channels) }
    }

    /// Channel and tap of element `i` of a patch, `[plane, tap, depth]`; `None` for padding.
    fn place(self, geometry: &Geometry, i: usize) -> Option<[usize; 2]> {
        let taps = geometry.kernel * geometry.kernel;
        let (tap, depth) = (i / self.depth, i % self.depth);
        let channel = tap / taps + depth;
        (tap / taps < self.planes && channel < geometry.channels_in)
            .then_some([channel, tap % taps])
    }
}

#[derive(Debug)]
pub(crate) struct Direct {
    geometry: Geometry,
    layout: Layout,
    /// `[patch, output channels]`.
    forward: Packed,
    /// `[output channels, patch]`.
    backward: Packed,
    bias: Buffer,
}

impl Direct {
    pub(crate) fn new(geometry: Geometry, layer: &Layer, layout: Layout) -> Self {
        let Geometry { channels_in, channels_out, kernel, .. } = geometry;
        let patch = layout.planes * kernel * kernel * layout.depth;
        let weight = |i: usize, out: usize| match layout.place(&geometry, i) {
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

    /// Rows of patches that are worked on together.
    fn rows(&self) -> usize {
        (PATCHES / self.backward.columns()).clamp(1, self.geometry.pixels_out())
    }

    /// The patches of output pixels `first..first + count`, one in a row.
    fn gather(&self, image: &[f32], first: usize, count: usize, patches: &mut [f32]) {
        patches.fill(0.0);
        self.visit(first, count, self.forward.k(), |from, to, len| {
            patches[to..to + len].copy_from_slice(&image[from..from + len]);
        });
    }

    /// Floats of an input image.
    fn image(&self) -> usize {
        self.layout.planes * self.geometry.pixels_in() * self.layout.depth
    }

    /// Calls `work(sample, first output pixel, pixels)` for all of them.
    fn chunks(&self, samples: usize, mut work: impl FnMut(usize, usize, usize)) {
        let (rows, pixels) = (self.rows(), self.geometry.pixels_out());
        for sample in 0..samples {
            for first in (0..pixels).step_by(rows) {
                work(sample, first, rows.min(pixels - first));
            }
        }
    }

    /// Calls `run(image offset, patch offset, length)` for every run of floats that lies together in the
    /// image and in the patches of output pixels `first..first + count`, each `stride` floats apart.
    #[inline(always)]
    fn visit(
        &self,
        first: usize,
        count: usize,
        stride: usize,
        mut run: impl FnMut(usize, usize, usize),
    ) {
        let Geometry { height_in, width_in, width_out, kernel, top, left, .. } = self.geometry;
        let depth = self.layout.depth;
        for row in 0..count {
            let (oy, ox) = ((first + row) / width_out, (first + row) % width_out);
            let (y, x) = (oy * self.geometry.stride, ox * self.geometry.stride);
            // Taps in the image: 0 ≤ x + kx − left < width_in.
            let from = left.saturating_sub(x).min(kernel);
            let until = kernel.min((width_in + left).saturating_sub(x));
            if from >= until {
                continue;
            }
            for plane in 0..self.layout.planes {
                for ky in top.saturating_sub(y)..kernel.min((height_in + top).saturating_sub(y)) {
                    let pixel = (plane * height_in + y + ky - top) * width_in + x + from - left;
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
        self.chunks(samples, |sample, first, count| {
            let patches = &mut scratch.left[..count * k];
            self.gather(&x[sample * self.image()..][..self.image()], first, count, patches);
            for (column, panel) in self.forward.panels() {
                Product {
                    panel,
                    k,
                    rows: patches,
                    row_stride: k,
                    count,
                    out: &mut y[(sample * self.geometry.pixels_out() + first) * columns + column..],
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
        dx[..samples * self.image()].fill(0.0);
        self.chunks(samples, |sample, first, count| {
            let patches = &mut scratch.left[..count * columns];
            for (column, panel) in self.backward.panels() {
                Product {
                    panel,
                    k,
                    rows: &dz[(sample * self.geometry.pixels_out() + first) * k..],
                    row_stride: k,
                    count,
                    out: &mut patches[column..],
                    out_stride: columns,
                    bias: &[],
                    slope: 1.0,
                }
                .run(arch);
            }
            let image = &mut dx[sample * self.image()..][..self.image()];
            arch.dispatch(|| {
                self.visit(first, count, columns, |to, from, len| {
                    let (image, patch) = (&mut image[to..to + len], &patches[from..from + len]);
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
        self.chunks(samples, |sample, first, count| {
            let patches = &mut scratch.left[..count * k];
            self.gather(&x[sample * self.image()..][..self.image()], first, count, patches);
            arch.dispatch(OuterProducts {
                left: patches,
                left_stride: k,
                right: &dz[(sample * self.geometry.pixels_out() + first) * columns..],
                columns,
                count,
                out: &mut sum[..k * columns],
            });
        });
    }

    fn finish(&self, sum: &[f32]) -> Vec<f32> {
        let Geometry { channels_in, channels_out, kernel, .. } = self.geometry;
        let columns = self.forward.columns();
        let mut weight = vec![0.0; channels_out * channels_in * kernel * kernel];
        for (i, line) in sum.chunks_exact(columns).take(self.forward.k()).enumerate() {
            let Some([channel, tap]) = self.layout.place(&self.geometry, i) else { continue };
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
