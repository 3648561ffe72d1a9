//! Recipes: everything about a run, in one TOML file.

pub(crate) mod chains;
mod change;
pub(crate) mod data;
mod evaluation;
mod guard;
mod open;
pub(crate) mod optimiser;
mod validate;

use ebm_networks::EnergyConfig;
use ebm_tensor::{ConditionShape, ImageShape};
use ebm_vae::VaeConfig;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

pub use chains::{ChainRecipe, Walls};
pub use data::{DataRecipe, Shuffle};
pub use evaluation::EvaluationRecipe;
pub use guard::{GuardPolicy, GuardRecipe};
pub use open::RecipeSummary;
pub use optimiser::{Actuator, ControlRecipe, OptimiserRecipe};

use crate::condition::ConditionRecipe;
use crate::registry::RecipeParts;
use crate::students::StudentRecipe;

/// A complete description of a run. Two runs of one resolved recipe with one CPU backend on one
/// machine agree bit for bit.
///
/// A recipe file may begin with `extends = "NAME"` and then contains only the differences; the
/// keyword `"none"` removes an optional value of the recipe below. A table `[quick]` holds the
/// changes of `NAME-quick`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The name of the run and of its folder.
    pub name: String,
    /// A line for lists.
    pub description: String,
    /// The seed of initial parameters, latent codes, noise, dropout and the order of the data.
    pub seed: u64,
    /// The number of iterations of Algorithm 1.
    pub iterations: u64,
    /// The data.
    pub data: DataRecipe,
    /// The condition of p(x | c); none for p(x).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionRecipe>,
    /// The student: where chains start, and what it learns from their last states.
    pub student: StudentRecipe,
    /// The chains.
    pub chains: ChainRecipe,
    /// The optimisers of both models.
    pub optimiser: OptimiserRecipe,
    /// The settings of previews and checkpoints.
    pub evaluation: EvaluationRecipe,
    /// The limits of healthy training, and what happens beyond them.
    #[serde(default)]
    pub guard: GuardRecipe,
    /// The network f_θ of the energy.
    pub energy: EnergyConfig,
    /// The networks g_φ and q_α of students that have some.
    pub vae: VaeConfig,
}

impl Recipe {
    /// Returns every key of a recipe, with its type and meaning, as a JSON Schema.
    pub fn schema() -> Schema {
        // Recipes are written out like this: every kind with its own keys.
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

    /// Returns the factor of both learning rates in an iteration of an epoch.
    pub fn decay_at(&self, iteration: u64, epoch: u64) -> f64 {
        let OptimiserRecipe { decay, decay_epochs, decay_iterations, .. } = self.optimiser;
        let by_epochs = epoch as f64 / decay_epochs;
        decay.powf(decay_iterations.map_or(by_epochs, |all| iteration as f64 / all as f64))
    }

    /// Returns the standard deviation of the noise of data in an iteration.
    pub fn data_noise_at(&self, iteration: u64) -> f64 {
        let data = &self.data;
        match data.noise_std_end.zip(data.noise_decay_iterations) {
            None => data.noise_std,
            Some((end, all)) => {
                let share = (iteration as f64 / all as f64).min(1.0);
                data.noise_std * (end / data.noise_std).powf(share)
            }
        }
    }

    /// Returns whether Langevin steps have noise at an epoch.
    pub fn noise_at(&self, epoch: u64) -> bool {
        self.chains.noise && self.chains.noise_until_epoch.is_none_or(|end| epoch < end)
    }
}
