//! Pictures of a density in the plane beside the model that learned it.

use std::path::Path;

use ebm::metrics::Grid;
use image::{ImageError, ImageFormat, Rgb, RgbImage};

/// The number of pixels along a panel's side.
const PANEL: u32 = 200;
/// The number of pixels around panels, and their grey value.
const BORDER: u32 = 2;
const BORDER_COLOUR: u8 = 64;

/// A sample is a square of this side in pixels, which covers this fraction of the uncovered part.
const DOT: u32 = 2;
const DOT_OPACITY: f64 = 0.3;

/// Every sixteenth colour of the map viridis (Smith and van der Walt 2015); linear interpolation
/// between them is accurate to 6 of 255.
const VIRIDIS: [[u8; 3]; 17] = [
    [68, 1, 84],
    [72, 24, 106],
    [71, 45, 123],
    [66, 64, 134],
    [59, 82, 139],
    [51, 99, 141],
    [44, 114, 142],
    [38, 130, 142],
    [33, 145, 140],
    [31, 159, 136],
    [39, 173, 129],
    [61, 188, 116],
    [92, 200, 99],
    [129, 211, 77],
    [170, 220, 50],
    [213, 226, 26],
    [253, 231, 37],
];

/// Writes four panels in a row: the densities of the data and of the energy, and the samples of the
/// decoder and after refinement. x grows to the right and y upwards; samples off the grid are not
/// drawn.
///
/// Both densities have the scale of the first, from 0 to its largest value; higher values have the
/// brightest colour.
///
/// # Panics
/// If a density has not one logarithm for each cell of the grid.
pub(super) fn write(
    grid: &Grid,
    log_densities: [&[f64]; 2],
    samples: [&[[f64; 2]]; 2],
    path: &Path,
) -> Result<(), ImageError> {
    let (step, border) = (PANEL + BORDER, Rgb([BORDER_COLOUR; 3]));
    let mut page = RgbImage::from_pixel(4 * step + BORDER, step + BORDER, border);
    let scale = log_densities[0].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let densities = log_densities.map(|logs| density(grid, logs, scale));
    let samples = samples.map(|samples| scatter(grid, samples));
    for (index, panel) in densities.iter().chain(&samples).enumerate() {
        let left = BORDER + index as u32 * step;
        for (pixel, &brightness) in (0..).zip(panel) {
            let (x, y) = (pixel % PANEL, pixel / PANEL);
            page.put_pixel(left + x, BORDER + PANEL - 1 - y, colour(brightness));
        }
    }
    page.save_with_format(path, ImageFormat::Png)
}

/// Returns the brightness of a panel's pixels, row by row from below.
fn density(grid: &Grid, logs: &[f64], log_scale: f64) -> Vec<f64> {
    let cells = grid.cells();
    assert_eq!(logs.len(), cells * cells, "one logarithm for each cell");
    let cell = |pixel: u32| pixel as usize * cells / PANEL as usize;
    (0..PANEL * PANEL)
        .map(|pixel| cell(pixel / PANEL) * cells + cell(pixel % PANEL))
        .map(|cell| (logs[cell] - log_scale).exp())
        .collect()
}

fn scatter(grid: &Grid, samples: &[[f64; 2]]) -> Vec<f64> {
    let mut uncovered = vec![1.0; (PANEL * PANEL) as usize];
    let scale = f64::from(PANEL) / (grid.high() - grid.low());
    let within = 0.0..f64::from(PANEL);
    for sample in samples {
        let [x, y] = sample.map(|x| (x - grid.low()) * scale);
        if !within.contains(&x) || !within.contains(&y) {
            continue;
        }
        // The pixels whose centres are nearest.
        let covered = |x: f64| {
            let first = (x - 0.5 * f64::from(DOT)).round().max(0.0) as u32;
            first..(first + DOT).min(PANEL)
        };
        for (x, y) in covered(y).flat_map(|y| covered(x).map(move |x| (x, y))) {
            uncovered[(y * PANEL + x) as usize] *= 1.0 - DOT_OPACITY;
        }
    }
    uncovered.iter().map(|uncovered| 1.0 - uncovered).collect()
}

/// Returns the colour of a brightness from 0 to 1.
fn colour(brightness: f64) -> Rgb<u8> {
    let position = brightness.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (position as usize).min(VIRIDIS.len() - 2);
    let [low, high] = [VIRIDIS[below], VIRIDIS[below + 1]];
    let mix = |channel: usize| {
        let [low, high] = [low, high].map(|colour| f64::from(colour[channel]));
        (low + (position - below as f64) * (high - low)).round() as u8
    };
    Rgb([mix(0), mix(1), mix(2)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm::data::Density;
    use ebm::noise::Key;

    const DARK: [u8; 3] = VIRIDIS[0];
    const BRIGHT: [u8; 3] = VIRIDIS[16];

    fn written(grid: &Grid, log_densities: [&[f64]; 2], samples: [&[[f64; 2]]; 2]) -> RgbImage {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("density.png");
        write(grid, log_densities, samples, &path).expect("writable");
        image::open(&path).expect("a PNG file").into_rgb8()
    }

    /// Returns the pixel at a position in [0, 1]² of a panel, y upwards.
    fn at(page: &RgbImage, panel: u32, [x, y]: [f64; 2]) -> [u8; 3] {
        let pixel = |x: f64| (x * f64::from(PANEL)) as u32;
        page.get_pixel(BORDER + panel * (PANEL + BORDER) + pixel(x), BORDER + PANEL - 1 - pixel(y))
            .0
    }

    /// Everything is at its position, each density in the colours of the first.
    #[test]
    fn panels_show_densities_and_samples() {
        let grid = Grid::new(-1.0, 1.0, 2).unwrap();
        let none = f64::NEG_INFINITY;
        let data = [2.0, none, none, none];
        let model = [none, none, 3.0, 2.0 - 2.0_f64.ln()];
        let samples = [[-0.5, -0.9], [1.1, 0.0], [f64::NAN, 0.0]];
        let page = written(&grid, [&data, &model], [&samples, &[[0.999, 0.999]; 40]]);
        assert_eq!(page.dimensions(), (810, 204));
        let corners = [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]];
        let found = |panel| corners.map(|corner| at(&page, panel, corner));
        assert_eq!(found(0), [BRIGHT, DARK, DARK, DARK]);
        assert_eq!(found(1), [DARK, DARK, BRIGHT, VIRIDIS[8]]);
        assert_eq!([at(&page, 3, [0.999, 0.999]), at(&page, 3, [0.5, 0.5])], [BRIGHT, DARK]);
        let dot = colour(DOT_OPACITY).0;
        assert_eq!(at(&page, 2, [0.25, 0.05]), dot);
        let panel =
            image::imageops::crop_imm(&page, BORDER + 2 * (PANEL + BORDER), BORDER, PANEL, PANEL);
        assert_eq!(panel.to_image().pixels().filter(|pixel| pixel.0 == dot).count(), 4);
        assert_eq!(page.get_pixel(0, 0).0, [64; 3]);
    }

    /// Exact draws lie where the density is above ½ (¼ would be uniform), and few elsewhere.
    #[test]
    fn samples_lie_where_their_density_is() {
        let grid = Grid::new(-1.0, 1.0, PANEL as usize).unwrap();
        for density in Density::ALL {
            let points = grid.points();
            let logs: Vec<f64> = points.iter().map(|&x| density.log_density(x)).collect();
            let draws = density.sample(5_000, Key::new(2));
            let page = written(&grid, [&logs, &logs], [&draws, &draws]);
            let (mut inside, mut outside) = ([0, 0], [0, 0]);
            for x in points {
                let position = x.map(|x| 0.5 * (x + 1.0));
                let lit = at(&page, 3, position) != DARK;
                let dense = density.log_density(x).exp() > 0.5;
                let counts = if dense { &mut inside } else { &mut outside };
                counts[usize::from(lit)] += 1;
            }
            let share = |[dark, lit]: [i32; 2]| f64::from(lit) / f64::from(dark + lit);
            assert!(
                share(inside) > 0.6 && share(outside) < 0.1,
                "{density}: {inside:?} {outside:?}"
            );
        }
    }
}
