//! Random changes of training images, as a function of the key, the epoch and the image: a resumed
//! run sees the same ones.

use ebm_noise::Key;

use crate::error::DataError;
use crate::sets::scaled;

/// The random changes of training images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Augment {
    /// Flips an image horizontally with probability ½.
    pub flip: bool,
    /// The width p of a random crop: the image is padded with p black pixels on each side, and a
    /// part of its own size is cut out at a random position. 0 leaves the image as it is.
    pub crop: usize,
}

impl Augment {
    /// Checks that images of that shape can be changed so.
    ///
    /// # Errors
    /// [`DataError::Crop`] if a crop could miss the image.
    pub fn check(self, [_, height, width]: [usize; 3]) -> Result<(), DataError> {
        let limit = height.min(width) - 1;
        if self.crop <= limit {
            return Ok(());
        }
        Err(DataError::Crop { crop: self.crop, limit })
    }

    /// Appends the image, changed and scaled to [−1, 1]. `key` is the epoch's; images of one
    /// `index` are changed alike.
    pub(crate) fn append(
        self,
        image: &[u8],
        [channels, height, width]: [usize; 3],
        key: Key,
        index: usize,
        values: &mut Vec<f32>,
    ) {
        if self == Self::default() {
            values.extend(image.iter().copied().map(scaled));
            return;
        }
        let draw = |number| key.uniform_at(index as u32, number);
        let flipped = self.flip && draw(0) < 0.5;
        let offset = |number| (draw(number) * (2 * self.crop + 1) as f64) as usize;
        let [down, right] = if self.crop == 0 { [0, 0] } else { [offset(1), offset(2)] };
        for plane in image.chunks_exact(height * width).take(channels) {
            for y in 0..height {
                let row = (y + down).checked_sub(self.crop).filter(|&y| y < height);
                values.extend((0..width).map(|x| {
                    let x = if flipped { width - 1 - x } else { x };
                    let x = (x + right).checked_sub(self.crop).filter(|&x| x < width);
                    row.zip(x).map_or(-1.0, |(y, x)| scaled(plane[y * width + x]))
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 3] = [2, 4, 5];

    fn image() -> Vec<u8> {
        (1..=40).collect()
    }

    fn changed(augment: Augment, key: Key, index: usize) -> Vec<f32> {
        let mut values = Vec::new();
        augment.append(&image(), SHAPE, key, index, &mut values);
        values
    }

    /// The image for (down, right, flipped), computed the other way round: by copying it into a
    /// larger one.
    fn expected(crop: usize, down: usize, right: usize, flipped: bool) -> Vec<f32> {
        let [channels, height, width] = SHAPE;
        let (tall, wide) = (height + 2 * crop, width + 2 * crop);
        let mut large = vec![-1.0; channels * tall * wide];
        for (at, pixel) in image().into_iter().enumerate() {
            let (c, y, x) = (at / 20, at / 5 % 4, at % 5);
            large[(c * tall + y + crop) * wide + x + crop] = scaled(pixel);
        }
        let mut values = Vec::new();
        for (c, y) in (0..channels).flat_map(|c| (0..height).map(move |y| (c, y))) {
            let start = (c * tall + y + down) * wide + right;
            let mut row = large[start..start + width].to_vec();
            if flipped {
                row.reverse();
            }
            values.extend(row);
        }
        values
    }

    #[test]
    fn half_are_flipped_and_each_position_is_as_likely() {
        let (augment, epoch) = (Augment { flip: true, crop: 1 }, Key::new(3).fold(5));
        let mut counts = [0_u32; 18];
        let all: Vec<_> = (0..18).map(|n| expected(1, n / 6, n / 2 % 3, n % 2 == 1)).collect();
        let draws = 9_000;
        for index in 0..draws {
            let found = changed(augment, epoch, index);
            let number = all.iter().position(|expected| *expected == found).unwrap();
            counts[number] += 1;
        }
        // χ² of 17 degrees of freedom: above 45.0 with probability 0.0003.
        let mean = f64::from(draws as u32) / 18.0;
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - mean).powi(2) / mean).sum();
        assert!(chi < 45.0, "{chi} {counts:?}");
    }

    #[test]
    fn the_same_key_epoch_and_image_are_changed_the_same() {
        let (augment, key) = (Augment { flip: true, crop: 2 }, Key::new(1));
        let epoch = |epoch: u64| -> Vec<_> {
            (0..50).map(|index| changed(augment, key.fold(epoch), index)).collect()
        };
        assert_eq!(epoch(4), epoch(4));
        assert_ne!(epoch(4), epoch(5));
    }

    #[test]
    fn without_augmentation_images_stay_as_they_are() {
        let plain: Vec<f32> = image().into_iter().map(scaled).collect();
        for index in 0..20 {
            assert_eq!(changed(Augment::default(), Key::new(1), index), plain);
        }
        assert!(Augment { flip: false, crop: 3 }.check(SHAPE).is_ok());
        assert!(Augment { flip: false, crop: 4 }.check(SHAPE).is_err());
    }
}
