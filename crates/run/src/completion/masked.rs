//! Images of which a part is observed, or another image.

use burn::tensor::Tensor;
use ebm::data::ExampleSet;
use ebm::noise::{Key, streams};
use ebm::teaching::{ConditionRecipe, HiddenCondition};
use ebm::tensor::{Condition, Examples, values_f64};

/// The number of training images that are compared at once.
const CHUNK: usize = 4_096;

/// A set of images together with the parts that a model observes.
#[derive(Clone, Debug)]
pub(crate) struct MaskedImages {
    /// The images, `[batch, channels, size, size]`.
    pub(crate) images: Tensor<4>,
    /// The conditions of the networks, `[batch, …, size, size]`.
    pub(crate) condition: Tensor<4>,
    /// The mask, 1 where a pixel is observed, `[batch, 1, size, size]`: nowhere, if another image
    /// is observed.
    mask: Tensor<4>,
    /// Whether another image is observed.
    paired: bool,
}

impl MaskedImages {
    /// Hides the pixels that a recipe hides; of pairs, all pixels of x.
    pub(crate) fn new(examples: Examples, recipe: &ConditionRecipe, key: Key) -> Self {
        let Examples { images, condition } = examples;
        if let Some(Condition::Image(condition)) = condition {
            let mask = images.zeros_like().narrow(1, 0, 1);
            return Self { images, condition, mask, paired: true };
        }
        let hidden = match recipe {
            ConditionRecipe::Hidden(hidden) => hidden.clone(),
            ConditionRecipe::Class(_) | ConditionRecipe::Pair(_) => HiddenCondition::default(),
        };
        let key = key.fold(streams::completion::HOLES);
        let (condition, mask) = hidden.hide(images.clone(), key);
        Self { images, condition, mask, paired: false }
    }

    /// Returns the observed pixels, or the observed image, as a picture.
    pub(crate) fn observed(&self) -> Tensor<4> {
        match (self.paired, self.condition.dims()[1]) {
            (false, _) => self.paste(self.images.zeros_like()),
            (true, 1) => self.condition.clone().expand(self.images.shape()),
            (true, _) => self.condition.clone(),
        }
    }

    /// Returns the images with the hidden pixels taken from `fill`.
    pub(crate) fn paste(&self, fill: Tensor<4>) -> Tensor<4> {
        let observed = self.images.clone() * self.mask.clone();
        observed + fill.clamp(-1.0, 1.0) * (self.mask.clone().neg() + 1.0)
    }

    /// Returns the PSNR of the hidden pixels of each pasted image, in decibels, for a peak of 2
    /// (the width of [−1, 1]).
    pub(crate) fn psnr(&self, pasted: Tensor<4>) -> Vec<f64> {
        let error = (pasted - self.images.clone()).powi_scalar(2);
        let channels = error.dims()[1] as f64;
        let rows = |x: Tensor<4>| values_f64(x.flatten::<2>(1, 3).sum_dim(1));
        let hidden = rows(self.mask.clone().neg() + 1.0);
        let decibels = |(sum, hidden): (f64, f64)| 10.0 * (4.0 * hidden * channels / sum).log10();
        rows(error).into_iter().zip(hidden).map(decibels).collect()
    }

    /// Returns the mean of the training images, repeated for each image.
    pub(crate) fn mean_of(&self, training: &ExampleSet) -> Tensor<4> {
        let training = training.images();
        let per_image: usize = training.shape().iter().product();
        let mut sums = vec![0.0_f64; per_image];
        for image in training.pixels().chunks(per_image) {
            sums.iter_mut().zip(image).for_each(|(sum, &pixel)| *sum += f64::from(pixel));
        }
        let count = training.len() as f64;
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count / 127.5 - 1.0) as f32).collect();
        let [channels, height, width] = training.shape();
        let mean = Tensor::<1>::from_data(mean.as_slice(), &self.images.device());
        mean.reshape([1, channels, height, width]).expand(self.images.shape())
    }

    /// Returns for each image the training image that is nearest to it in the observed pixels.
    pub(crate) fn nearest_of(&self, training: &ExampleSet) -> Tensor<4> {
        let (images, device) = (&self.images, self.images.device());
        let rows = |x: Tensor<4>| x.flatten::<2>(1, 3);
        let (observed, mask) = match self.paired {
            false => (images.clone(), rows(self.mask.clone().expand(images.shape()))),
            true => (self.condition.clone(), rows(self.condition.ones_like())),
        };
        let observed = rows(observed) * mask.clone();
        let mut best = vec![(f64::INFINITY, 0); images.dims()[0]];
        let all: Vec<usize> = (0..training.len()).collect();
        for (chunk, indices) in all.chunks(CHUNK).enumerate() {
            let examples = training.batch(indices, &device);
            let others = match examples.condition {
                Some(Condition::Image(other)) if self.paired => other,
                _ => examples.images,
            };
            let others = rows(others).transpose();
            // ‖m ⊙ (y − x)‖² up to the term that all y share.
            let distances = mask.clone().matmul(others.clone().powi_scalar(2))
                - observed.clone().matmul(others) * 2.0;
            let distances = values_f64(distances);
            for (best, row) in best.iter_mut().zip(distances.chunks(indices.len())) {
                for (i, &distance) in row.iter().enumerate() {
                    if distance < best.0 {
                        *best = (distance, chunk * CHUNK + i);
                    }
                }
            }
        }
        let indices: Vec<usize> = best.into_iter().map(|(_, index)| index).collect();
        training.images().batch(&indices, &device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use ebm::data::{ImageSet, PairedSet};
    use ebm::teaching::Recipe;
    use ebm::tensor::values;

    fn pixels(x: Tensor<4>) -> Vec<f32> {
        values(x)
    }

    fn condition(recipe: &str) -> ConditionRecipe {
        Recipe::embedded(recipe).expect("embedded").condition.expect("conditional")
    }

    /// Two training images of two rows, of which the upper is observed: the image has the observed
    /// row of the second and the hidden row of the first.
    #[test]
    fn fills_are_pasted_and_measured_in_the_hole() {
        let device = Device::flex();
        let training = vec![0, 0, 255, 255, 255, 255, 0, 0];
        let set = ImageSet::new("two", [1, 2, 2], training, vec![0, 1]).expect("whole").into();
        let ConditionRecipe::Hidden(mut hidden) = condition("digits-completion") else {
            panic!("it hides");
        };
        hidden.hole = ebm::teaching::Hole::Half;
        let recipe = hidden.into();
        let image = Tensor::<4>::ones([1, 1, 2, 2], &device);
        let masked = MaskedImages::new(image.into(), &recipe, Key::new(0));
        assert_eq!(pixels(masked.observed()), [1.0, 1.0, 0.0, 0.0]);
        let nearest = masked.nearest_of(&set);
        assert_eq!(pixels(nearest.clone()), [1.0, 1.0, -1.0, -1.0]);
        // Hidden pixels that are wrong by the whole range have 0 dB; observed pixels do not count.
        assert!(masked.psnr(masked.paste(nearest.neg()))[0].is_infinite());
        assert!(masked.psnr(masked.paste(masked.nearest_of(&set)))[0].abs() < 1e-6);
        let mean = masked.mean_of(&set);
        assert_eq!(pixels(mean.clone()), [0.0; 4]);
        let mean = masked.psnr(masked.paste(mean))[0];
        assert!((mean - 10.0 * 4.0_f64.log10()).abs() < 1e-5);
    }

    /// Pairs of one pixel: the other image decides which is nearest, and all of x is hidden.
    #[test]
    fn the_other_image_of_a_pair_is_observed() {
        let device = Device::flex();
        let ConditionRecipe::Pair(mut pair) = condition("facades") else { panic!("pairs") };
        pair.channels = 1;
        let recipe = pair.into();
        let pixels_of =
            |pixels| ImageSet::new("two", [1, 1, 1], pixels, vec![0, 1]).expect("complete");
        let set = PairedSet::new(pixels_of(vec![255, 0]), pixels_of(vec![0, 255]));
        let set = set.expect("as many of both").into();
        let pixel = |value: f32| Tensor::<4>::full([1, 1, 1, 1], value, &device);
        let pair = Examples::new(pixel(-1.0), Some(Condition::Image(pixel(-0.9))));
        let masked = MaskedImages::new(pair, &recipe, Key::new(0));
        assert_eq!(pixels(masked.observed()), [-0.9]);
        let nearest = masked.nearest_of(&set);
        assert_eq!(pixels(nearest.clone()), [1.0]);
        assert!(masked.psnr(masked.paste(nearest))[0].abs() < 1e-6);
        assert_eq!(pixels(masked.mean_of(&set)), [0.0]);
    }
}
