//! How well hidden parts of images are filled.

use burn::tensor::Tensor;
use ebm::data::ImageSet;
use ebm::metrics::mean_pairwise_distance;
use ebm::noise::Key;
use ebm::teaching::{ConditionRecipe, TeachingError, Trainer};

/// Training images that are compared at once.
const CHUNK: usize = 4_096;

/// Streams of random numbers: of holes, and of the completions.
const HOLES: u64 = 0;
const COMPLETIONS: u64 = 1;

/// Completions of images, and what they are compared with.
pub(crate) struct Completed {
    pub(crate) holes: Holes,
    /// x₀ with what is seen pasted in, one batch for each completion of all images.
    pub(crate) starts: Vec<Tensor<4>>,
    /// x_T likewise; empty without an energy.
    pub(crate) refined: Vec<Tensor<4>>,
    /// Decibels of the hidden pixels, means over images and completions, by what fills them.
    pub(crate) psnr: Vec<(&'static str, f64)>,
    /// Mean distance between two completions of an image.
    pub(crate) diversity: Vec<(&'static str, f64)>,
}

impl Completed {
    /// Fills the holes that a run's recipe makes in images, `completions` times; compares with what the training set
    /// alone gives, and with completions that are told another image's condition.
    pub(crate) fn new(
        trainer: &Trainer,
        condition: &ConditionRecipe,
        images: Tensor<4>,
        training: &ImageSet,
        [completions, steps]: [usize; 2],
        key: Key,
    ) -> Result<Self, TeachingError> {
        let count = images.dims()[0];
        let (seen, mask) = condition.hide(images.clone(), key.fold(HOLES));
        let holes = Holes { images, mask };
        let fill = |condition: Tensor<4>, i: usize| {
            let key = key.fold(COMPLETIONS).fold(i as u64);
            let samples = trainer.sample(count, Some(condition), steps, key, [0, 2])?;
            Ok::<_, TeachingError>([samples.start, samples.refined].map(|x| holes.paste(x)))
        };
        let filled =
            (0..completions).map(|i| fill(seen.clone(), i)).collect::<Result<Vec<_>, _>>()?;
        let (starts, mut refined): (Vec<_>, Vec<_>) =
            filled.into_iter().map(|[a, b]| (a, b)).unzip();
        // Each is told the condition of the one before it.
        let rest = seen.clone().narrow(0, 0, count - 1);
        let others = Tensor::cat(vec![seen.narrow(0, count - 1, 1), rest], 0);
        let [_, misled] = fill(others, 0)?;
        if !trainer.recipe().student.kind.has_energy() {
            refined.clear();
        }

        let all = |sets: &[Tensor<4>]| -> f64 {
            mean(&sets.iter().flat_map(|x| holes.psnr(x.clone())).collect::<Vec<_>>())
        };
        let mut psnr = vec![
            ("PSNR of the mean image", all(&[holes.mean_of(training)])),
            ("PSNR of the nearest image", all(&[holes.nearest_of(training)])),
            ("PSNR given another's condition", all(&[misled])),
            ("PSNR of x₀", all(&starts)),
        ];
        let mut diversity = vec![("diversity of x₀", spread(&starts))];
        if !refined.is_empty() {
            psnr.push(("PSNR of x_T", all(&refined)));
            diversity.push(("diversity of x_T", spread(&refined)));
        }
        Ok(Self { holes, starts, refined, psnr, diversity })
    }
}

/// The mean over images of the mean distance between two of their completions.
fn spread(completions: &[Tensor<4>]) -> f64 {
    let images = completions.first().map_or(0, |first| first.dims()[0]);
    let of = |i: usize| {
        let own = completions.iter().map(|x| x.clone().narrow(0, i, 1)).collect();
        mean_pairwise_distance(Tensor::cat(own, 0)).unwrap_or(0.0)
    };
    mean(&(0..images).map(of).collect::<Vec<_>>())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

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
        let [batch, channels, height, width] = self.images.dims();
        Tensor::<1>::from_data(mean.as_slice(), &self.images.device())
            .reshape([1, channels, height, width])
            .expand([batch, channels, height, width])
    }

    /// For each image the training image that is nearest to it where it is seen.
    pub(crate) fn nearest_of(&self, training: &ImageSet) -> Tensor<4> {
        let [batch, channels, height, width] = self.images.dims();
        let device = self.images.device();
        let rows = |x: Tensor<4>| x.flatten::<2>(1, 3);
        let mask = rows(self.mask.clone().expand([batch, channels, height, width]));
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
