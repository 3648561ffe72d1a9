//! A student of your own, in one file: its settings, the student, and its name in recipes.
//!
//! Chains start at data plus Gaussian noise, and nothing is learned. The last batch is kept, so
//! that samples can be drawn between iterations, and is part of the checkpoint.
//!
//!     cargo run --release --example own_student

use std::error::Error;

use burn::tensor::{Device, Tensor, TensorData};
use ebm_mcmc::ChainError;
use ebm_networks::Contrast;
use ebm_noise::Key;
use ebm_teaching::{
    Batch, CheckpointReader, CheckpointWriter, InitialStates, Recipe, RecipeError, RecipeParts,
    SampleRequest, StartRequest, Student, StudentRegistry, StudentSettings, StudentSetup,
    TeachingError, Trainer, Update,
};
use ebm_tensor::{Condition, ImageShape, values};
use serde::Deserialize;

/// The keys of `[student]` beside `kind`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoisyDataSettings {
    /// The standard deviation of the noise.
    noise: f64,
}

impl StudentSettings for NoisyDataSettings {
    fn validate(&self, recipe: &RecipeParts<'_>) -> Result<(), RecipeError> {
        RecipeError::check_not_negative("student.noise", self.noise)?;
        let (chains, batch) = (recipe.chains.count, recipe.data.batch);
        RecipeError::check("chains.count", chains, chains <= batch, "at most data.batch")
    }

    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError> {
        let (count, device) = (setup.recipe.chains.count, setup.device.clone());
        let (image, noise) = (setup.image, self.noise);
        let last = Tensor::zeros(image.batch(count), &device);
        Ok(Box::new(NoisyData { noise, image, device, last }))
    }
}

struct NoisyData {
    noise: f64,
    image: ImageShape,
    device: Device,
    /// The data that chains started from in the last iteration.
    last: Tensor<4>,
}

impl NoisyData {
    const FILE: &str = "last-data.f32";

    fn noisy(&self, data: Tensor<4>, key: Key) -> Tensor<4> {
        let noise = key.normal(data.dims(), &self.device) * self.noise;
        data + noise
    }
}

impl Student for NoisyData {
    fn initial_states(&self, request: StartRequest<'_>) -> InitialStates {
        let data = request.data.clone().narrow(0, 0, request.count);
        InitialStates::new(self.noisy(data.clone(), request.key)).remembering(data)
    }

    fn preview_states(&self, count: usize, _condition: Option<&Condition>, key: Key) -> Tensor<4> {
        let repeats = count.div_ceil(self.last.dims()[0]);
        self.noisy(self.last.clone().repeat_dim(0, repeats).narrow(0, 0, count), key)
    }

    fn update(
        &self,
        initial: InitialStates,
        _contrast: Contrast,
        _key: Key,
    ) -> Result<Update, ChainError> {
        Ok(Update::new(initial.into_memory::<Tensor<4>>()))
    }

    fn apply(&mut self, update: Update, _learning_rate: f64) {
        self.last = update.into_change();
    }

    fn save(&self, checkpoint: &mut CheckpointWriter) -> Result<(), TeachingError> {
        let bytes: Vec<u8> =
            values(self.last.clone()).into_iter().flat_map(f32::to_le_bytes).collect();
        checkpoint.write(Self::FILE, &bytes)
    }

    fn load(&mut self, checkpoint: &CheckpointReader) -> Result<(), TeachingError> {
        let bytes = checkpoint.read(Self::FILE)?;
        let values: Vec<f32> = bytes.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let count = values.len() / self.image.len();
        if count == 0 || values.len() != self.image.batch(count).iter().product::<usize>() {
            return Err(checkpoint.error(Self::FILE, "it does not hold whole images"));
        }
        let data = TensorData::new(values, self.image.batch(count));
        self.last = Tensor::from_data(data, &self.device);
        Ok(())
    }
}

/// A recipe that sets the student's own keys like those of a built-in student.
pub(crate) const RECIPE: &str = r#"
extends = "two-moons"
name = "noisy-data"

[data]
batch = 16

[chains]
count = 16
steps = 5

[student]
kind = "noisy-data"
noise = 0.3
"#;

pub(crate) fn students() -> StudentRegistry {
    StudentRegistry::default().with::<NoisyDataSettings>("noisy-data")
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let (students, device) = (students(), Device::flex());
    let recipe = Recipe::from_toml_with(RECIPE, "own_student.rs", &students)?;
    let mut trainer = Trainer::with_students(recipe, ImageShape::new(2, 1), &device, &students)?;
    for iteration in 0..20 {
        let data = Key::new(1).fold(iteration).normal([16, 2, 1, 1], &device);
        let metrics = trainer.step(Batch::new(data, 0))?;
        println!("iteration {iteration}: chains moved by {:.3}", metrics.displacement);
    }

    let folder = std::env::temp_dir().join(format!("own-student-{}", std::process::id()));
    trainer.save(&folder)?;
    let resumed = Trainer::load_with(&folder, &device, &students)?;
    let request = SampleRequest::new(16, Key::new(2));
    let [before, after] = [&trainer, &resumed].map(|trainer| trainer.sample(request.clone()));
    assert_eq!(values(before?.refined), values(after?.refined));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
