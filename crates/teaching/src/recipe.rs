//! Recipes: everything about a run, in one TOML file.

pub(crate) mod chains;
pub(crate) mod data;
mod evaluation;
mod open;
pub(crate) mod optimiser;
mod validate;

use ebm_networks::EnergyConfig;
use ebm_tensor::{ConditionShape, ImageShape};
use ebm_vae::VaeConfig;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

pub use chains::ChainRecipe;
pub use data::{DataRecipe, Shuffle};
pub use evaluation::EvaluationRecipe;
pub use open::RecipeSummary;
pub use optimiser::OptimiserRecipe;

use crate::condition::ConditionRecipe;
use crate::registry::RecipeParts;
use crate::students::StudentRecipe;

/// Everything about a run. Two runs of one resolved recipe with one CPU backend on one machine
/// give the same bits.
///
/// A recipe file may begin with `extends = "NAME"` and then gives only what differs; the word `"none"` takes
/// away an optional value of the recipe below. A table `[quick]` says what `NAME-quick` changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Names the run's folder.
    pub name: String,
    /// One line for lists.
    pub description: String,
    /// Determines initial parameters, latent codes, noise, dropout and the order of the data.
    pub seed: u64,
    /// Iterations of Algorithm 1.
    pub iterations: u64,
    /// What is learned from.
    pub data: DataRecipe,
    /// What images are learned given, p(x | c); none for p(x).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionRecipe>,
    /// Who starts the chains, and what it learns from where they end.
    pub student: StudentRecipe,
    /// How the energy is sampled.
    pub chains: ChainRecipe,
    /// How both models learn.
    pub optimiser: OptimiserRecipe,
    /// What is looked at on the way.
    pub evaluation: EvaluationRecipe,
    /// f_θ, the network of the energy.
    pub energy: EnergyConfig,
    /// g_φ and q_α; students without a network leave it unused.
    pub vae: VaeConfig,
}

impl Recipe {
    /// Every key of a recipe, with its type and what it means, as a JSON Schema.
    pub fn schema() -> Schema {
        // As recipes are written out: every network with its own keys.
        SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<Self>()
    }

    /// Returns the shape of the conditions for images of this shape; `None` without conditions.
    pub fn condition_shape(&self, image: ImageShape) -> Option<ConditionShape> {
        self.condition.as_ref().map(|condition| condition.shape(image))
    }

    /// Returns the parts that a student may depend on.
    pub(crate) fn parts(&self) -> RecipeParts<'_> {
        RecipeParts {
            data: &self.data,
            condition: self.condition.as_ref(),
            chains: &self.chains,
            optimiser: &self.optimiser,
            vae: &self.vae,
        }
    }

    /// The factor of both learning rates in an iteration of an epoch.
    pub fn decay_at(&self, iteration: u64, epoch: u64) -> f64 {
        let OptimiserRecipe { decay, decay_epochs, decay_iterations, .. } = self.optimiser;
        let by_epochs = epoch as f64 / decay_epochs;
        decay.powf(decay_iterations.map_or(by_epochs, |all| iteration as f64 / all as f64))
    }

    /// Whether Langevin steps have noise at an epoch.
    pub fn noise_at(&self, epoch: u64) -> bool {
        self.chains.noise && self.chains.noise_until_epoch.is_none_or(|end| epoch < end)
    }
}
