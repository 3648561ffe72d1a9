//! Grids of images as PNG files.

use std::path::Path;

use burn::tensor::Tensor;
use image::{ImageBuffer, ImageFormat, Luma, Rgb};

/// Pixels between images.
const GAP: usize = 2;
/// Small images are enlarged, each pixel to a square of this side.
const ZOOM: usize = 2;

/// A grid as near to a square as the number of images allows.
///
/// # Shapes
/// - `images`: `[batch, channels, height, width]` in [−1, 1], of 1 or 3 channels
pub(super) fn write_grid(images: Tensor<4>, path: &Path) -> Result<(), image::ImageError> {
    let columns = (images.dims()[0] as f64).sqrt().ceil() as usize;
    write(&[images], columns.max(1), path)
}

/// One row for each image, one column for each frame.
///
/// # Shapes
/// - `frames`: each `[batch, channels, height, width]`
pub(super) fn write_strip(frames: &[Tensor<4>], path: &Path) -> Result<(), image::ImageError> {
    let Some(first) = frames.first() else { return Ok(()) };
    let [batch, channels, height, width] = first.dims();
    let frame_count = frames.len();
    let stacked: Tensor<5> = Tensor::stack(frames.to_vec(), 1);
    write(&[stacked.reshape([batch * frame_count, channels, height, width])], frame_count, path)
}

fn write(images: &[Tensor<4>], columns: usize, path: &Path) -> Result<(), image::ImageError> {
    let images = Tensor::cat(images.to_vec(), 0);
    let [count, channels, height, width] = images.dims();
    let rows = count.div_ceil(columns);
    let (cell_height, cell_width) = (height * ZOOM + GAP, width * ZOOM + GAP);
    let size = [(columns * cell_width + GAP) as u32, (rows * cell_height + GAP) as u32];
    let values: Vec<u8> = images
        .into_data()
        .iter::<f32>()
        .map(|x| ((x.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8)
        .collect();
    // The value of a grid's pixel, or the colour of the gap.
    let at = |x: u32, y: u32, channel: usize| {
        let (x, y) = ((x as usize).wrapping_sub(GAP), (y as usize).wrapping_sub(GAP));
        let (column, row) = (x / cell_width, y / cell_height);
        let (x, y) = (x % cell_width / ZOOM, y % cell_height / ZOOM);
        let index = row.wrapping_mul(columns).wrapping_add(column);
        if column < columns && index < count && x < width && y < height {
            values[((index * channels + channel) * height + y) * width + x]
        } else {
            64
        }
    };
    if channels == 3 {
        ImageBuffer::from_fn(size[0], size[1], |x, y| Rgb([at(x, y, 0), at(x, y, 1), at(x, y, 2)]))
            .save_with_format(path, ImageFormat::Png)
    } else {
        ImageBuffer::from_fn(size[0], size[1], |x, y| Luma([at(x, y, 0)]))
            .save_with_format(path, ImageFormat::Png)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// Three 1 × 2 images in a 2 × 2 grid: every pixel is where it belongs, the last cell is empty.
    #[test]
    fn pixels_land_where_they_belong() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("grid.png");
        let images = Tensor::<1>::from_data([-1.0, 0.0, 1.0, 2.0, -2.0, 0.5], &Device::flex());
        write_grid(images.reshape([3, 1, 1, 2]), &path).expect("writable");
        let grid = image::open(&path).expect("a PNG file").into_luma8();
        assert_eq!(grid.dimensions(), (2 * 6 + 2, 2 * 4 + 2));
        let pixel =
            |cell: [u32; 2], x: u32| grid.get_pixel(2 + cell[0] * 6 + x * 2, 2 + cell[1] * 4).0[0];
        assert_eq!([pixel([0, 0], 0), pixel([0, 0], 1)], [0, 128]);
        assert_eq!([pixel([1, 0], 0), pixel([1, 0], 1)], [255, 255]);
        assert_eq!([pixel([0, 1], 0), pixel([0, 1], 1)], [0, 191]);
        assert_eq!([pixel([1, 1], 0), grid.get_pixel(0, 0).0[0]], [64, 64]);
    }
}
