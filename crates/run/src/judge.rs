//! Whether samples show the class that they were asked for.

use anyhow::{Result, bail};
use burn::tensor::{Device, Tensor};
use ebm::metrics::features::Classifier;
use ebm::teaching::Recipe;
use ebm::tensor::{Condition, values};

/// A classifier of the images that a class-conditional run learned from.
pub struct Judge(Classifier);

impl Judge {
    /// For runs that learned classes of a set for which a classifier is compiled in; else `None`.
    pub fn of(recipe: &Recipe, device: &Device) -> Result<Option<Self>> {
        let learned = recipe.condition.as_ref().is_some_and(|c| c.classes().is_some());
        Ok(if learned { classifier(&recipe.data.set, device)?.map(Self) } else { None })
    }

    /// The share of images in which the classifier sees the class of their condition.
    ///
    /// # Shapes
    /// - `images`: `[batch, 1, 28, 28]`, `condition`: one class for each
    pub fn accuracy(&self, images: &Tensor<4>, condition: &Condition) -> Result<f64> {
        let Condition::Class(asked) = condition else { bail!("the conditions are no classes") };
        let (classes, asked) = (asked.dims()[1], values(asked.clone()));
        let seen = self.0.classify(images.clone().clamp(-1.0, 1.0))?;
        let rows = asked.chunks(classes).zip(&seen);
        let right = rows.filter(|(row, seen)| row.get(usize::from(**seen)) == Some(&1.0)).count();
        Ok(right as f64 / seen.len().max(1) as f64)
    }
}

/// The classifier of a data set, if one is compiled in.
pub fn classifier(set: &str, device: &Device) -> Result<Option<Classifier>> {
    Ok(match set {
        "digits" | "mnist" => Some(Classifier::digits(device)?),
        "fashion-mnist" => Some(Classifier::fashion(device)?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm::data::digits;

    #[test]
    fn the_judge_knows_digits() {
        let device = Device::flex();
        let recipe = Recipe::embedded("digits-by-class").expect("embedded");
        let judge = Judge::of(&recipe, &device).expect("readable").expect("of digits");
        let set = digits().expect("embedded");
        let indices: Vec<usize> = (0..5_000).step_by(25).collect();
        let images = set.batch(&indices, &device);
        let labels: Vec<u8> = indices.iter().map(|&i| set.labels()[i]).collect();
        let accuracy = |labels: &[u8]| {
            judge.accuracy(&images, &one_hot(labels, 10, &device)).expect("of its size")
        };
        assert!(accuracy(&labels) > 0.97);
        let others: Vec<u8> = labels.iter().map(|label| (label + 1) % 10).collect();
        assert!(accuracy(&others) < 0.03);
        let unconditional = Recipe::embedded("digits").expect("embedded");
        assert!(Judge::of(&unconditional, &device).expect("readable").is_none());
    }
}
