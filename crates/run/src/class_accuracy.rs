//! The share of class-conditional samples that show the requested class.

use burn::tensor::{Device, Tensor};
use ebm::metrics::features::Classifier;
use ebm::teaching::Recipe;
use ebm::tensor::{Condition, values};

use crate::Result;
use crate::error::unsuitable;

/// A classifier of the images that a class-conditional run learned from.
#[derive(Debug)]
pub struct ClassAccuracy(Classifier);

impl ClassAccuracy {
    /// Returns the classifier for a run that learned classes of a data set with a built-in
    /// classifier; `None` for every other run.
    ///
    /// # Errors
    /// [`RunError::Features`](crate::RunError::Features) if the built-in weights cannot be read.
    pub fn for_recipe(recipe: &Recipe, device: &Device) -> Result<Option<Self>> {
        let learned = recipe.condition.as_ref().is_some_and(|c| c.classes().is_some());
        Ok(if learned { built_in_classifier(&recipe.data.set, device)?.map(Self) } else { None })
    }

    /// Returns the fraction of images that the classifier assigns to the class of their condition.
    ///
    /// # Shapes
    /// - `images`: `[batch, 1, 28, 28]`, `condition`: one class for each image
    ///
    /// # Errors
    /// [`RunError::Features`](crate::RunError::Features) if the images have another shape,
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if the conditions are not classes.
    pub fn measure(&self, images: &Tensor<4>, condition: &Condition) -> Result<f64> {
        let Condition::Class(requested) = condition else {
            unsuitable!("the conditions are not classes");
        };
        let classes = requested.dims()[1];
        let requested = values(requested.clone());
        let predicted = self.0.classify(images.clone().clamp(-1.0, 1.0))?;
        let rows = requested.chunks(classes).zip(&predicted);
        let correct =
            rows.filter(|(row, class)| row.get(usize::from(**class)) == Some(&1.0)).count();
        Ok(correct as f64 / predicted.len().max(1) as f64)
    }
}

/// Returns the name of the features of a data set's built-in classifier, if there is one.
pub(crate) fn built_in_features(set: &str) -> Option<&'static str> {
    match set {
        "digits" | "mnist" => Some("digits"),
        "fashion-mnist" => Some("fashion"),
        _ => None,
    }
}

/// Returns the built-in classifier of a data set, if there is one.
///
/// # Errors
/// [`RunError::Features`](crate::RunError::Features) if its weights cannot be read.
pub fn built_in_classifier(set: &str, device: &Device) -> Result<Option<Classifier>> {
    Ok(match built_in_features(set) {
        Some("digits") => Some(Classifier::digits(device)?),
        Some("fashion") => Some(Classifier::fashion(device)?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm::data::digits;

    #[test]
    fn digits_are_recognised() {
        let device = Device::flex();
        let recipe = Recipe::embedded("digits-by-class").expect("embedded");
        let classifier =
            ClassAccuracy::for_recipe(&recipe, &device).expect("readable").expect("of digits");
        let set = digits().expect("embedded");
        let indices: Vec<usize> = (0..5_000).step_by(25).collect();
        let images = set.batch(&indices, &device);
        let labels: Vec<u8> = indices.iter().map(|&i| set.labels()[i]).collect();
        let accuracy = |labels: &[u8]| {
            classifier
                .measure(&images, &Condition::one_hot(labels, 10, &device))
                .expect("of its size")
        };
        assert!(accuracy(&labels) > 0.97);
        let others: Vec<u8> = labels.iter().map(|label| (label + 1) % 10).collect();
        assert!(accuracy(&others) < 0.03);
        let unconditional = Recipe::embedded("digits").expect("embedded");
        assert!(ClassAccuracy::for_recipe(&unconditional, &device).expect("readable").is_none());
    }
}
