//! Images of which a part is seen, or another image.

use burn::tensor::Tensor;
use ebm::data::ImageSet;
use ebm::noise::Key;
use ebm::teaching::{ConditionRecipe, HiddenCondition};

use super::source::unstack;

/// Training images that are compared at once.
const CHUNK: usize = 4_096;
/// The stream of random holes.
const HOLES: u64 = 0;

/// Images and what is seen of them.
pub struct Holes {
    /// `[batch, channels, size, size]`.
    pub images: Tensor<4>,
    /// What networks are given of them, `[batch, …, size, size]`.
    pub condition: Tensor<4>,
    /// 1 where a pixel is seen, `[batch, 1, size, size]`: nowhere, if another image is seen.
    mask: Tensor<4>,
    recipe: ConditionRecipe,
}

impl Holes {
    /// Hides of images what a recipe hides; of pairs, one image on top of the other, the whole of x.
    pub fn new(images: Tensor<4>, recipe: &ConditionRecipe, key: Key) -> Self {
        let recipe = recipe.clone();
        match unstack(images, Some(&recipe)) {
            (images, Some(condition)) => {
                let mask = images.zeros_like().narrow(1, 0, 1);
                Self { images, condition, mask, recipe }
            }
            (images, None) => {
                let hidden = match &recipe {
                    ConditionRecipe::Hidden(hidden) => hidden.clone(),
                    ConditionRecipe::Class(_) | ConditionRecipe::Pair(_) => {
                        HiddenCondition::default()
                    }
                };
                let (condition, mask) = hidden.hide(images.clone(), key.fold(HOLES));
                Self { images, condition, mask, recipe }
            }
        }
    }

    /// What is seen, as a picture.
    pub fn seen(&self) -> Tensor<4> {
        match self.recipe.paired_channels() {
            0 => self.paste(self.images.zeros_like()),
            1 => self.condition.clone().expand(self.images.shape()),
            _ => self.condition.clone(),
        }
    }

    /// The images, their hidden pixels taken from `fill`.
    pub fn paste(&self, fill: Tensor<4>) -> Tensor<4> {
        let seen = self.images.clone() * self.mask.clone();
        seen + fill.clamp(-1.0, 1.0) * (self.mask.clone().neg() + 1.0)
    }

    /// Decibels of the hidden pixels of pasted images, against a peak of 2 (the width of [−1, 1]): one for each image.
    pub fn psnr(&self, pasted: Tensor<4>) -> Vec<f64> {
        let error = (pasted - self.images.clone()).powi_scalar(2);
        let channels = error.dims()[1] as f64;
        let rows = |x: Tensor<4>| -> Vec<f64> {
            x.flatten::<2>(1, 3).sum_dim(1).into_data().iter::<f64>().collect()
        };
        let hidden = rows(self.mask.clone().neg() + 1.0);
        let decibels = |(sum, hidden): (f64, f64)| 10.0 * (4.0 * hidden * channels / sum).log10();
        rows(error).into_iter().zip(hidden).map(decibels).collect()
    }

    /// The mean of the training images, for each image again.
    pub fn mean_of(&self, training: &ImageSet) -> Tensor<4> {
        let per_image: usize = training.shape().iter().product();
        let mut sums = vec![0.0_f64; per_image];
        for image in training.pixels().chunks(per_image) {
            sums.iter_mut().zip(image).for_each(|(sum, &pixel)| *sum += f64::from(pixel));
        }
        let count = training.len() as f64;
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count / 127.5 - 1.0) as f32).collect();
        let [channels, height, width] = training.shape();
        let mean = Tensor::<1>::from_data(mean.as_slice(), &self.images.device());
        let mean = mean.reshape([1, channels, height, width]);
        unstack(mean, Some(&self.recipe)).0.expand(self.images.shape())
    }

    /// For each image the training image that is nearest to it in what is seen.
    pub fn nearest_of(&self, training: &ImageSet) -> Tensor<4> {
        let (images, device) = (&self.images, self.images.device());
        let rows = |x: Tensor<4>| x.flatten::<2>(1, 3);
        let (seen, mask) = match self.recipe.paired_channels() {
            0 => (images.clone(), rows(self.mask.clone().expand(images.shape()))),
            _ => (self.condition.clone(), rows(self.condition.ones_like())),
        };
        let seen = rows(seen) * mask.clone();
        let mut best = vec![(f64::INFINITY, 0); images.dims()[0]];
        let all: Vec<usize> = (0..training.len()).collect();
        for (chunk, indices) in all.chunks(CHUNK).enumerate() {
            let (x, other) = unstack(training.batch(indices, &device), Some(&self.recipe));
            let others = rows(other.unwrap_or(x)).transpose();
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
        unstack(training.batch(&indices, &device), Some(&self.recipe)).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use ebm::teaching::Recipe;

    fn pixels(x: Tensor<4>) -> Vec<f32> {
        x.into_data().iter().collect()
    }

    fn condition(recipe: &str) -> ConditionRecipe {
        Recipe::embedded(recipe).expect("embedded").condition.expect("conditional")
    }

    /// Two training images of two rows, the upper seen: that of the image is the second's, what is hidden the first's.
    #[test]
    fn fills_are_pasted_and_measured_in_the_hole() {
        let device = Device::flex();
        let training = vec![0, 0, 255, 255, 255, 255, 0, 0];
        let set = ImageSet::new("two", [1, 2, 2], training, vec![0, 1]).expect("whole");
        let ConditionRecipe::Hidden(mut hidden) = condition("digits-completion") else {
            panic!("it hides");
        };
        hidden.hole = ebm::teaching::Hole::Half;
        let recipe = hidden.into();
        let image = Tensor::<4>::ones([1, 1, 2, 2], &device);
        let holes = Holes::new(image, &recipe, Key::new(0));
        assert_eq!(pixels(holes.seen()), [1.0, 1.0, 0.0, 0.0]);
        let nearest = holes.nearest_of(&set);
        assert_eq!(pixels(nearest.clone()), [1.0, 1.0, -1.0, -1.0]);
        // Hidden pixels that are wrong by the whole range are at 0 dB; what is seen is right whatever fills.
        assert!(holes.psnr(holes.paste(nearest.neg()))[0].is_infinite());
        assert!(holes.psnr(holes.paste(holes.nearest_of(&set)))[0].abs() < 1e-6);
        let mean = holes.mean_of(&set);
        assert_eq!(pixels(mean.clone()), [0.0; 4]);
        let mean = holes.psnr(holes.paste(mean))[0];
        assert!((mean - 10.0 * 4.0_f64.log10()).abs() < 1e-5);
    }

    /// Pairs of one pixel: the other image decides which is nearest, and the whole of x is hidden.
    #[test]
    fn of_pairs_the_other_image_is_seen() {
        let device = Device::flex();
        let ConditionRecipe::Pair(mut pair) = condition("facades") else { panic!("pairs") };
        pair.channels = 1;
        let recipe = pair.into();
        let set = ImageSet::new("two", [2, 1, 1], vec![0, 255, 255, 0], vec![0, 1]).expect("whole");
        let stacked = Tensor::<1>::from_data([-1.0, -0.9], &device).reshape([1, 2, 1, 1]);
        let holes = Holes::new(stacked, &recipe, Key::new(0));
        assert_eq!(pixels(holes.seen()), [-0.9]);
        let nearest = holes.nearest_of(&set);
        assert_eq!(pixels(nearest.clone()), [1.0]);
        assert!(holes.psnr(holes.paste(nearest))[0].abs() < 1e-6);
        assert_eq!(pixels(holes.mean_of(&set)), [0.0]);
    }
}
