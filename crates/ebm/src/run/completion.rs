//! How well hidden parts of images are filled.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;
use ebm::data::ImageSet;
use ebm::metrics::features::{Classifier, FeatureNetwork};
use ebm::metrics::{
    FeatureSet, MetricsError, Moments, frechet_distance, mean_pairwise_distance, ssim,
};
use ebm::noise::Key;
use ebm::teaching::{ConditionRecipe, TeachingError, Trainer};
use serde::Serialize;

use super::judge::classifier;

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
    /// What each way to fill the holes comes to: decibels of the hidden pixels, similarity (SSIM) and Fréchet distance
    /// of the pasted images, where there is a feature network; means over images and completions.
    pub(crate) ways: Vec<Way>,
    /// Mean distance between two completions of an image.
    pub(crate) diversity: Vec<(&'static str, f64)>,
}

/// What a way to fill holes comes to.
#[derive(Serialize)]
pub(crate) struct Way {
    /// What fills the holes.
    pub(crate) name: &'static str,
    /// By their names: PSNR, SSIM, FD(network).
    #[serde(flatten)]
    pub(crate) measures: BTreeMap<String, f64>,
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
    ) -> Result<Self> {
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
        let misled = fill(others, 0)?[1].clone();
        if !trainer.recipe().student.kind.has_energy() {
            refined.clear();
        }

        let features = classifier(&trainer.recipe().data.set, trainer.device())?;
        let [mean, nearest] = [holes.mean_of(training), holes.nearest_of(training)];
        let [mean, nearest] = [mean, nearest].map(|fill| holes.paste(fill));
        let mut ways = Vec::new();
        for (name, sets) in [
            ("mean image", &vec![mean]),
            ("nearest image", &vec![nearest]),
            ("given another's condition", &vec![misled]),
            ("x₀", &starts),
            ("x_T", &refined),
        ] {
            if !sets.is_empty() {
                ways.push(holes.way(name, sets, features.as_ref())?);
            }
        }
        let mut diversity = vec![("diversity of x₀", spread(&starts))];
        if !refined.is_empty() {
            diversity.push(("diversity of x_T", spread(&refined)));
        }
        Ok(Self { holes, starts, refined, ways, diversity })
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

    /// The measures of images that are filled already.
    fn way(
        &self,
        name: &'static str,
        sets: &[Tensor<4>],
        features: Option<&Classifier>,
    ) -> Result<Way> {
        let decibels: Vec<f64> = sets.iter().flat_map(|x| self.psnr(x.clone())).collect();
        let mut measures = BTreeMap::from([("PSNR".to_owned(), mean(&decibels))]);
        let [_, _, height, width] = self.images.dims();
        // The window's side.
        if height.min(width) >= 11 {
            let each = sets.iter().map(|x| ssim(x.clone(), self.images.clone()));
            let each = each.collect::<Result<Vec<_>, _>>()?.concat();
            measures.insert("SSIM".into(), mean(&each));
        }
        if let Some(network) = features {
            let moments = |sets: &[Tensor<4>]| -> Result<Moments> {
                let all = Tensor::cat(sets.to_vec(), 0);
                Ok(Moments::of(&FeatureSet::from_tensor(network.features(all)?)?))
            };
            // Of fewer images than features there is none.
            match frechet_distance(&moments(sets)?, &moments(std::slice::from_ref(&self.images))?) {
                Ok(distance) => {
                    measures.insert(format!("FD({})", network.name()), distance);
                }
                Err(MetricsError::TooFew { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Way { name, measures })
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
