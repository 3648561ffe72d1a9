//! The measures at the end of a run.

use std::path::Path;

use ebm::teaching::{
    ConditionRecipe, Listener, Recipe, StudentRecipe, Trainer, VaeOnDataRecipe, train,
};
use ebm::tensor::Condition;

use crate::Result;
use crate::class_accuracy::built_in_features;
use crate::dataset::DataLocation;
use crate::eval::{EvalEvent, EvalLine, EvalOptions, Metric};
use crate::feature_network::NamedNetwork;
use crate::source::Source;
use crate::trained::TrainedRun;

/// What is measured: a run whose last checkpoint is in a folder.
pub(super) struct Measured<'a> {
    pub(super) trainer: &'a Trainer,
    pub(super) path: &'a Path,
    pub(super) location: &'a DataLocation,
    /// The conditions of preview samples.
    pub(super) shown: Option<&'a Condition>,
}

impl Measured<'_> {
    /// Measures samples as the recipe says; `None` if it asks for no measures.
    pub(super) fn measure(
        &self,
        listener: &mut dyn FnMut(EvalEvent<'_>) -> Result<()>,
        listeners: &mut [&mut dyn Listener],
    ) -> Result<Option<Vec<EvalLine>>> {
        let recipe = self.trainer.recipe();
        let Some(features) = features_of(recipe) else {
            if recipe.evaluation.final_samples > 0 {
                tracing::warn!(
                    "no samples are measured: {} has no built-in classifier, and \
                     evaluation.features names no other features",
                    recipe.data.set
                );
            }
            return Ok(None);
        };
        let mut options = EvalOptions::new(&features, recipe.evaluation.final_samples);
        options.metrics = vec![Metric::Fd, Metric::Pr];
        if built_in_features(&recipe.data.set) == Some(&*features) {
            options.metrics.push(Metric::Rarest);
            let learned = recipe.condition.as_ref().and_then(ConditionRecipe::classes);
            options.metrics.extend(learned.map(|_| Metric::Accuracy));
        }
        options.condition.data.location = self.location.clone();
        options.floor = true;
        let run = TrainedRun::open(self.path, self.trainer.device())?;
        let mut lines = run.evaluate(&options, listener)?;
        if let Some(recipe) = vae_alone(recipe) {
            options.floor = false;
            let vae = self.train_another(recipe, listeners)?;
            let mut renamed = |event: EvalEvent<'_>| match event {
                EvalEvent::Measured(line) => {
                    lines.push(EvalLine { samples: "vae", ..line.clone() });
                    listener(EvalEvent::Measured(lines.last().expect("pushed")))
                }
                event => listener(event),
            };
            vae.evaluate(&options, &mut renamed)?;
        }
        Ok(Some(lines))
    }

    /// Trains another model on the same data, without a folder.
    fn train_another(
        &self,
        recipe: Recipe,
        listeners: &mut [&mut dyn Listener],
    ) -> Result<TrainedRun> {
        tracing::info!("for comparison, a VAE learns from the data alone");
        let device = self.trainer.device();
        let mut source = Source::open(&recipe, &self.location.open()?)?;
        let mut trainer = Trainer::new(recipe, source.image(), device)?;
        let batches = |iteration| source.batch(iteration, device);
        train(&mut trainer, batches, self.shown, listeners)?;
        Ok(TrainedRun::new(trainer, "vae"))
    }
}

/// Refuses features that the measures at the end could not be computed with, before a run begins.
pub(super) fn check(trainer: &Trainer) -> Result<()> {
    let evaluation = &trainer.recipe().evaluation;
    match evaluation.features.as_deref().filter(|_| evaluation.final_samples > 0) {
        Some(features) => NamedNetwork::open(features, trainer.image(), trainer.device()).map(drop),
        None => Ok(()),
    }
}

/// Returns the features of the measures at the end of a run; `None` if there are no measures.
fn features_of(recipe: &Recipe) -> Option<String> {
    let evaluation = &recipe.evaluation;
    if evaluation.final_samples == 0 {
        return None;
    }
    let built_in = || built_in_features(&recipe.data.set).map(str::to_owned);
    evaluation.features.clone().or_else(built_in)
}

/// Returns the recipe of the VAE alone, if this one asks for it.
fn vae_alone(recipe: &Recipe) -> Option<Recipe> {
    let StudentRecipe::Variational(student) = &recipe.student else { return None };
    if !recipe.evaluation.vae_alone {
        return None;
    }
    let mut vae = VaeOnDataRecipe::new(student.kl_weight);
    (vae.ema_decay, vae.prior) = (student.ema_decay, student.prior.clone());
    let mut recipe = Recipe { student: vae.into(), ..recipe.clone() };
    // No previews or checkpoints before the end.
    recipe.evaluation.every = recipe.iterations;
    recipe.evaluation.checkpoint_every = recipe.iterations;
    Some(recipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vae_alone_has_the_settings_of_the_student() {
        let mut recipe = Recipe::embedded("digits").expect("embedded");
        assert_eq!(vae_alone(&recipe), None);
        recipe.evaluation.vae_alone = true;
        let vae = vae_alone(&recipe).expect("asked for");
        let StudentRecipe::VaeOnData(settings) = &vae.student else { panic!("{vae:?}") };
        let StudentRecipe::Variational(student) = &recipe.student else { panic!("{recipe:?}") };
        assert_eq!((settings.kl_weight, &settings.prior), (student.kl_weight, &student.prior));
        assert_eq!((vae.iterations, &vae.vae), (recipe.iterations, &recipe.vae));
        vae.validate().expect("valid");
    }

    #[test]
    fn features_are_those_of_the_classifier_unless_the_recipe_names_some() {
        let mut recipe = Recipe::embedded("cifar10-small").expect("embedded");
        recipe.evaluation.final_samples = 500;
        assert_eq!(features_of(&recipe), None);
        recipe.evaluation.features = Some("squeezenet=weights.safetensors".into());
        assert_eq!(features_of(&recipe).as_deref(), Some("squeezenet=weights.safetensors"));
        let digits = Recipe::embedded("digits").expect("embedded");
        assert_eq!(features_of(&digits).as_deref(), Some("digits"));
    }
}
