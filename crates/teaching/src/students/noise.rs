//! Short-run MCMC from uniform noise.

use burn::tensor::{Device, Tensor};
use ebm_noise::Key;
use ebm_tensor::{Condition, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TeachingError;
use crate::registry::{StudentSettings, StudentSetup};
use crate::student::{InitialStates, StartRequest, Student};

/// The settings of chains that start at uniform noise: none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NoiseRecipe {}

impl StudentSettings for NoiseRecipe {
    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError> {
        Ok(Box::new(NoiseStudent { image: setup.image, device: setup.device.clone() }))
    }
}

struct NoiseStudent {
    image: ImageShape,
    device: Device,
}

impl Student for NoiseStudent {
    fn initial_states(&self, request: StartRequest<'_>) -> InitialStates {
        InitialStates::new(uniform(request.count, self.image, request.key, &self.device))
    }

    fn preview_states(&self, count: usize, _condition: Option<&Condition>, key: Key) -> Tensor<4> {
        uniform(count, self.image, key, &self.device)
    }
}

/// Draws images whose values are uniform in [−1, 1).
pub(super) fn uniform(count: usize, image: ImageShape, key: Key, device: &Device) -> Tensor<4> {
    key.uniform(image.batch(count), device) * 2.0 - 1.0
}
