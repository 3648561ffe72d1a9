//! How well hidden parts of images are filled.

use burn::tensor::Tensor;
use ebm::data::ImageSet;

/// Training images that are compared at once.
const CHUNK: usize = 4_096;

/// Images and what is seen of them.
pub(crate) struct Holes {
    /// `[batch, channels, size, size]`.
    pub(crate) images: Tensor<4>,
    /// 1 where a pixel is seen, `[batch, 1, size, size]`.
    pub(crate) mask: Tensor<4>,
}

impl Holes {
    /// The images, their hidden pixels taken from `fill`.
    pub(crate) fn paste(&self, fill: Tensor<4>) -> Tensor<4> {
        let seen = self.images.clone() * self.mask.clone();
        seen + fill.clamp(-1.0, 1.0) * (self.mask.clone().neg() + 1.0)
    }

    /// Decibels of the hidden pixels alone, against a peak of 2 (the width of [−1, 1]): one for each image.
    pub(crate) fn psnr(&self, fill: Tensor<4>) -> Vec<f64> {
        let error = (self.paste(fill) - self.images.clone()).powi_scalar(2);
        let channels = error.dims()[1] as f64;
        let rows = |x: Tensor<4>| -> Vec<f64> {
            x.flatten::<2>(1, 3).sum_dim(1).into_data().iter::<f64>().collect()
        };
        let hidden = rows(self.mask.clone().neg() + 1.0);
        let decibels = |(sum, hidden): (f64, f64)| 10.0 * (4.0 * hidden * channels / sum).log10();
        rows(error).into_iter().zip(hidden).map(decibels).collect()
    }

    /// The mean of the training images, for each image again.
    pub(crate) fn mean_of(&self, training: &ImageSet) -> Tensor<4> {
        let per_image: usize = training.shape().iter().product();
        let mut sums = vec![0.0_f64; per_image];
        for image in training.pixels().chunks(per_image) {
            sums.iter_mut().zip(image).for_each(|(sum, &pixel)| *sum += f64::from(pixel));
        }
        let count = training.len() as f64;
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count / 127.5 - 1.0) as f32).collect();
        let [batch, channels, size, _] = self.images.dims();
        Tensor::<1>::from_data(mean.as_slice(), &self.images.device())
            .reshape([1, channels, size, size])
            .expand([batch, channels, size, size])
    }

    /// For each image the training image that is nearest to it where it is seen.
    pub(crate) fn nearest_of(&self, training: &ImageSet) -> Tensor<4> {
        let [batch, channels, size, _] = self.images.dims();
        let device = self.images.device();
        let rows = |x: Tensor<4>| x.flatten::<2>(1, 3);
        let mask = rows(self.mask.clone().expand([batch, channels, size, size]));
        let seen = rows(self.images.clone()) * mask.clone();
        let mut best = vec![(f64::INFINITY, 0); batch];
        let all: Vec<usize> = (0..training.len()).collect();
        for (chunk, indices) in all.chunks(CHUNK).enumerate() {
            let others = rows(training.batch(indices, &device)).transpose();
            // ‖m ⊙ (y − x)‖² but for what all y have in common.
            let distances = mask.clone().matmul(others.clone().powi_scalar(2))
                - seen.clone().matmul(others) * 2.0;
            let distances: Vec<f64> = distances.into_data().iter::<f64>().collect();
            for (best, row) in best.iter_mut().zip(distances.chunks(indices.len())) {
                for (i, &distance) in row.iter().enumerate() {
                    if distance < best.0 {
                        *best = (distance, chunk * CHUNK + i);
                    }
                }
            }
        }
        let indices: Vec<usize> = best.into_iter().map(|(_, index)| index).collect();
        training.batch(&indices, &device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// Two training images; what is seen of the image is the second's, what is hidden the first's.
    #[test]
    fn fills_are_pasted_and_measured_in_the_hole() {
        let device = Device::flex();
        let set = ImageSet::new("two", [1, 1, 2], vec![0, 255, 255, 0], vec![0, 1]).expect("whole");
        let tensor =
            |values: [f32; 2]| Tensor::<1>::from_data(values, &device).reshape([1, 1, 1, 2]);
        let holes = Holes { images: tensor([1.0, 1.0]), mask: tensor([1.0, 0.0]) };
        let pixels = |x: Tensor<4>| -> Vec<f32> { x.into_data().iter().collect() };
        let nearest = holes.nearest_of(&set);
        assert_eq!(pixels(nearest.clone()), [1.0, -1.0]);
        assert_eq!(pixels(holes.paste(nearest.clone())), [1.0, -1.0]);
        // A hidden pixel that is wrong by the whole range is at 0 dB.
        assert!(holes.psnr(nearest)[0].abs() < 1e-6);
        let mean = holes.mean_of(&set);
        assert_eq!(pixels(mean.clone()), [0.0, 0.0]);
        assert!((holes.psnr(mean)[0] - 10.0 * 4.0_f64.log10()).abs() < 1e-5);
    }
}
