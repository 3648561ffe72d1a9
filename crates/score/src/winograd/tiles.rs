//! The tiles of an image and the positions of their pixels.

use std::ops::Deref;

use super::tables::M;
use crate::buffer::padded;
use crate::geometry::Geometry;

/// The mark of a pixel of a tile that lies outside the image.
const OUTSIDE: u32 = u32::MAX;

/// The tiles of `SIDE`² pixels, for each parity of row and column.
#[derive(Debug)]
pub(super) struct Tiles<const SIDE: usize, P = Vec<u32>> {
    /// The pixel indices of one image, `[tile, parity, pixel of the tile]`.
    pixels: P,
    /// The number of tiles of an image.
    pub(super) count: usize,
    /// The number of pixels of an image.
    per_image: usize,
    /// The number of channels, padded.
    pub(super) channels: usize,
}

/// Returns the number of tiles of an image, down and across.
pub(super) fn grid(geometry: &Geometry) -> [usize; 2] {
    [geometry.height_out, geometry.width_out].map(|side| side.div_ceil(M))
}

impl<const SIDE: usize> Tiles<SIDE> {
    /// Returns the tiles of the convolution's input; they overlap.
    pub(super) fn input(geometry: &Geometry) -> Self {
        let Geometry { height_in, width_in, channels_in, stride, top, left, .. } = *geometry;
        Self::new(grid(geometry), stride, [top, left], [height_in, width_in], channels_in)
    }

    /// Returns the tiles of the convolution's output.
    pub(super) fn output(geometry: &Geometry) -> Self {
        let Geometry { height_out, width_out, channels_out, .. } = *geometry;
        Self::new(grid(geometry), 1, [0, 0], [height_out, width_out], channels_out)
    }

    fn new(
        [down, across]: [usize; 2],
        stride: usize,
        [top, left]: [usize; 2],
        [height, width]: [usize; 2],
        channels: usize,
    ) -> Self {
        let (count, parities) = (down * across, stride * stride);
        let mut pixels = Vec::with_capacity(count * parities * SIDE * SIDE);
        for (tile_y, tile_x) in (0..count).map(|tile| (tile / across, tile % across)) {
            for parity in 0..parities {
                for (i, j) in (0..SIDE * SIDE).map(|pixel| (pixel / SIDE, pixel % SIDE)) {
                    let y = stride * (M * tile_y + i) + parity / stride;
                    let x = stride * (M * tile_x + j) + parity % stride;
                    // Positions before the image wrap to numbers beyond it.
                    let (y, x) = (y.wrapping_sub(top), x.wrapping_sub(left));
                    let inside = y < height && x < width;
                    pixels.push(if inside { (y * width + x) as u32 } else { OUTSIDE });
                }
            }
        }
        Self { pixels, count, per_image: height * width, channels: padded(channels) }
    }

    /// Returns the length of an image.
    pub(super) fn image_len(&self) -> usize {
        self.per_image * self.channels
    }

    /// Returns the tiles by value, which kernels keep in registers.
    pub(super) fn view(&self) -> Tiles<SIDE, &[u32]> {
        let Self { ref pixels, count, per_image, channels } = *self;
        Tiles { pixels, count, per_image, channels }
    }
}

impl<const SIDE: usize, P: Deref<Target = [u32]>> Tiles<SIDE, P> {
    /// Returns the number of parities, from the length: a field makes the kernels slower.
    #[inline(always)]
    pub(super) fn parities(&self) -> usize {
        self.pixels.len() / (self.count * SIDE * SIDE)
    }

    /// Returns the floats of a tile at one point, `[parity, channel]`.
    pub(super) fn depth(&self) -> usize {
        self.parities() * self.channels
    }

    /// Returns the offsets of a tile's pixels, in vectors of `lanes`.
    #[inline(always)]
    pub(super) fn offsets(
        &self,
        [tile, parity]: [usize; 2],
        [first, outside]: [usize; 2],
        lanes: usize,
    ) -> [[usize; SIDE]; SIDE] {
        let (sample, tile) = (tile / self.count, tile % self.count);
        let start = (tile * self.parities() + parity) * SIDE * SIDE;
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
