//! Grids and film strips of images as PNG files.

use std::path::Path;

use burn::tensor::Tensor;
use ebm::tensor::values;
use image::{GenericImage, ImageError, ImageFormat, Rgb, RgbImage};

/// The number of pixels between images.
const GAP: usize = 2;
/// The side of the square that each pixel is enlarged to.
const ZOOM: usize = 2;

/// The grey value of the gaps.
const GAP_COLOUR: u8 = 64;

/// Writes sets of images side by side, each as a grid that is as close to a square as possible.
///
/// # Shapes
/// - each of `sets`: `[batch, channels, height, width]` in [−1, 1], with 1 or 3 channels
///
/// # Errors
/// [`ImageError`] if the file cannot be written.
pub fn write_grids(sets: &[Tensor<4>], path: &Path) -> Result<(), ImageError> {
    let side = |set: &Tensor<4>| (set.dims()[0] as f64).sqrt().ceil() as usize;
    let grids: Vec<_> = sets.iter().map(|set| grid(set.clone(), side(set).max(1))).collect();
    let width = grids.iter().map(RgbImage::width).sum();
    let height = grids.iter().map(RgbImage::height).max().unwrap_or(0);
    let mut page = RgbImage::from_pixel(width, height, Rgb([GAP_COLOUR; 3]));
    let mut left = 0;
    for grid in &grids {
        page.copy_from(grid, left, 0)?;
        left += grid.width();
    }
    page.save_with_format(path, ImageFormat::Png)
}

/// Writes one row for each image, one column for each frame.
///
/// # Shapes
/// - `frames`: each `[batch, channels, height, width]`
///
/// # Errors
/// [`ImageError`] if the file cannot be written.
pub fn write_strip(frames: &[Tensor<4>], path: &Path) -> Result<(), ImageError> {
    let Some(first) = frames.first() else { return Ok(()) };
    let [batch, channels, height, width] = first.dims();
    let stacked: Tensor<5> = Tensor::stack(frames.to_vec(), 1);
    let images = stacked.reshape([batch * frames.len(), channels, height, width]);
    grid(images, frames.len()).save_with_format(path, ImageFormat::Png)
}

fn grid(images: Tensor<4>, columns: usize) -> RgbImage {
    let [count, channels, height, width] = images.dims();
    let rows = count.div_ceil(columns);
    let (cell_height, cell_width) = (height * ZOOM + GAP, width * ZOOM + GAP);
    let values: Vec<u8> = values(images)
        .into_iter()
        .map(|x| ((x.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8)
        .collect();
    let size = [columns * cell_width + GAP, rows * cell_height + GAP].map(|side| side as u32);
    let mut grid = RgbImage::from_pixel(size[0], size[1], Rgb([GAP_COLOUR; 3]));
    for index in 0..count {
        let left = index % columns * cell_width + GAP;
        let top = index / columns * cell_height + GAP;
        for (y, x) in (0..height * ZOOM).flat_map(|y| (0..width * ZOOM).map(move |x| (y, x))) {
            // The channel of a grey image is used for all three colours.
            let value = |channel: usize| {
                let plane = index * channels + channel.min(channels - 1);
                values[(plane * height + y / ZOOM) * width + x / ZOOM]
            };
            let pixel = Rgb([value(0), value(1), value(2)]);
            grid.put_pixel((left + x) as u32, (top + y) as u32, pixel);
        }
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// Three 1 × 2 images in a 2 × 2 grid: every pixel is at its position, the last cell is empty.
    #[test]
    fn every_pixel_is_at_its_position() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("grid.png");
        let images = Tensor::<1>::from_data([-1.0, 0.0, 1.0, 2.0, -2.0, 0.5], &Device::flex());
        write_grids(&[images.reshape([3, 1, 1, 2])], &path).expect("writable");
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
