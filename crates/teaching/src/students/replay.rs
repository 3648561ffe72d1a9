//! Persistent chains, which start where earlier ones ended.

use burn::tensor::{Device, Tensor};
use ebm_mcmc::ChainError;
use ebm_networks::Contrast;
use ebm_noise::Key;
use ebm_tensor::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::buffer::Buffer;
use crate::files::{CheckpointReader, CheckpointWriter};
use crate::registry::{RecipeParts, StudentSettings, StudentSetup};
use crate::student::{InitialStates, StartRequest, Student, Update};
use crate::{RecipeError, TeachingError};

/// The states of the buffer, `[len, channels, height, width]`, single precision, little endian.
const FILE: &str = "buffer.f32";

/// The settings of persistent chains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReplayRecipe {
    /// The number of states that are kept.
    #[serde(default = "ten_thousand")]
    pub buffer: usize,
    /// The share of chains that start from uniform noise instead.
    #[serde(default = "one_in_twenty")]
    pub restart: f64,
}

/// Returns the size in the released program of Du and Mordatch.
fn ten_thousand() -> usize {
    10_000
}

/// Returns the share in the released program of Du and Mordatch.
fn one_in_twenty() -> f64 {
    0.05
}

impl Default for ReplayRecipe {
    fn default() -> Self {
        Self { buffer: ten_thousand(), restart: one_in_twenty() }
    }
}

impl StudentSettings for ReplayRecipe {
    fn validate(&self, recipe: &RecipeParts<'_>) -> Result<(), RecipeError> {
        let restart = self.restart;
        let in_unit = (0.0..=1.0).contains(&restart);
        RecipeError::check("student.restart", restart, in_unit, "in [0, 1]")?;
        let chains = recipe.chains.count as u64;
        RecipeError::check_count("student.buffer", self.buffer as u64, chains..=1 << 24)?;
        let unconditional = recipe.condition.is_none();
        let expected = "another where there is a condition: the states of the buffer had others";
        RecipeError::check("student.kind", "replay", unconditional, expected)
    }

    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError> {
        let device = setup.device.clone();
        let buffer = Buffer::new(self.buffer, setup.image, setup.key, &device);
        Ok(Box::new(ReplayStudent { restart: self.restart, buffer, device }))
    }
}

struct ReplayStudent {
    restart: f64,
    buffer: Buffer,
    device: Device,
}

/// The last states of an iteration, and the slots of the buffer that they belong to.
struct Kept {
    slots: Vec<usize>,
    states: Tensor<4>,
}

impl Student for ReplayStudent {
    fn initial_states(&self, request: StartRequest<'_>) -> InitialStates {
        let (slots, states) =
            self.buffer.draw(request.count, self.restart, request.key, &self.device);
        InitialStates::new(states).remembering(slots)
    }

    fn preview_states(&self, count: usize, _condition: Option<&Condition>, key: Key) -> Tensor<4> {
        self.buffer.draw(count, self.restart, key, &self.device).1
    }

    fn update(
        &self,
        initial: InitialStates,
        contrast: Contrast,
        _key: Key,
    ) -> Result<Update, ChainError> {
        Ok(Update::new(Kept { slots: initial.into_memory(), states: contrast.samples }))
    }

    fn apply(&mut self, update: Update, _learning_rate: f64) {
        let Kept { slots, states } = update.into_change();
        self.buffer.keep(&slots, states);
    }

    fn save(&self, checkpoint: &mut CheckpointWriter) -> Result<(), TeachingError> {
        let bytes: Vec<u8> = self.buffer.states().iter().flat_map(|x| x.to_le_bytes()).collect();
        checkpoint.write(FILE, &bytes)
    }

    fn load(&mut self, checkpoint: &CheckpointReader) -> Result<(), TeachingError> {
        let bytes = checkpoint.read(FILE)?;
        let states = bytes.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        if !self.buffer.restore(states) {
            let message = format!("it does not hold {} states", self.buffer.len());
            return Err(checkpoint.error(FILE, message));
        }
        Ok(())
    }
}
