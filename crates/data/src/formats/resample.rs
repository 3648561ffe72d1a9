//! Scaling by a separable triangle filter: bilinear where an image grows, and where it shrinks a
//! weighted mean of all covered pixels, as Pillow's `BILINEAR`.

/// A rectangle within a picture, not empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crop {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Scales a part of `pixels` (`[…, picture_width, C]`) to `[C, height, width]`. It holds one line
/// of sums, whatever the sizes.
pub(crate) fn scale<const C: usize>(
    pixels: &[u8],
    picture_width: usize,
    crop: Crop,
    [_, height, width]: [usize; 3],
    image: &mut [u8],
) {
    let (rows, columns) = (taps(crop.height, height), taps(crop.width, width));
    let mut line = vec![0.0; crop.width * C];
    for (y, row) in rows.iter().enumerate() {
        line.fill(0.0);
        for (from, &weight) in (crop.top + row.first..).zip(&row.weights) {
            let start = (from * picture_width + crop.left) * C;
            let values = &pixels[start..start + line.len()];
            line.iter_mut().zip(values).for_each(|(sum, &value)| *sum += weight * f32::from(value));
        }
        let (line, _) = line.as_chunks::<C>();
        for (x, column) in columns.iter().enumerate() {
            let mut sums = [0.0; C];
            for (values, &weight) in line[column.first..].iter().zip(&column.weights) {
                sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += weight * value);
            }
            for (channel, sum) in sums.into_iter().enumerate() {
                // Rounded; the sum of weights may be above 1 by a rounding, and the cast saturates.
                image[(channel * height + y) * width + x] = (sum + 0.5) as u8;
            }
        }
    }
}

/// The consecutive pixels that one pixel is a mean of, and their weights.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let support = scale.max(1.0);
    let at = |number: usize| {
        let centre = (number as f64 + 0.5) * scale;
        let first = (centre - support).max(0.0) as usize;
        let end = ((centre + support).ceil() as usize).min(from);
        let weight = |pixel: usize| (1.0 - (pixel as f64 + 0.5 - centre).abs() / support).max(0.0);
        let sum: f64 = (first..end).map(weight).sum();
        Taps { first, weights: (first..end).map(|pixel| (weight(pixel) / sum) as f32).collect() }
    };
    (0..to).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[u8], to: usize) -> Vec<u8> {
        let crop = Crop { left: 0, top: 0, width: values.len(), height: 1 };
        let mut image = vec![0; to];
        scale::<1>(values, values.len(), crop, [1, 1, to], &mut image);
        image
    }

    #[test]
    fn known_lines() {
        assert_eq!(line(&[7, 250, 0, 31], 4), [7, 250, 0, 31]);
        // Halved: (3 · 10 + 3 · 20 + 30) / 7 and (20 + 3 · 30 + 3 · 40) / 7, without the pixels
        // outside.
        assert_eq!(line(&[10, 20, 30, 40], 2), [17, 33]);
        // Doubled: a quarter of the way and three quarters.
        assert_eq!(line(&[0, 100], 4), [0, 25, 75, 100]);
        assert_eq!(line(&[255; 9], 5), [255; 5]);
    }
}
