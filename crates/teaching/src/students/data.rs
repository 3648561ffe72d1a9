//! Contrastive divergence: chains start at the data.

use burn::tensor::{Device, Tensor};
use ebm_noise::Key;
use ebm_tensor::{Condition, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::noise::uniform;
use crate::registry::{RecipeParts, StudentSettings, StudentSetup};
use crate::student::{InitialStates, StartRequest, Student};
use crate::{RecipeError, TeachingError};

/// The settings of chains that start at the data: none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DataStudentRecipe {}

impl StudentSettings for DataStudentRecipe {
    fn validate(&self, recipe: &RecipeParts<'_>) -> Result<(), RecipeError> {
        let (chains, batch) = (recipe.chains.count, recipe.data.batch);
        let expected = "at most data.batch where chains start at the data";
        RecipeError::check("chains.count", chains, chains <= batch, expected)
    }

    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError> {
        Ok(Box::new(DataStudent { image: setup.image, device: setup.device.clone() }))
    }
}

struct DataStudent {
    image: ImageShape,
    device: Device,
}

impl Student for DataStudent {
    fn initial_states(&self, request: StartRequest<'_>) -> InitialStates {
        InitialStates::new(request.data.clone().narrow(0, 0, request.count))
    }

    /// Returns uniform noise, as no data are available to previews.
    fn preview_states(&self, count: usize, _condition: Option<&Condition>, key: Key) -> Tensor<4> {
        uniform(count, self.image, key, &self.device)
    }
}
