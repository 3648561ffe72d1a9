//! The smallest training loop: a recipe, a trainer, batches, samples.
//!
//! Data are strokes that are drawn here; in a program of yours they come from `ebm-data` or from
//! anywhere else.
//!
//!     cargo run --release --example train_digits

use std::error::Error;

use burn::tensor::{Device, Tensor};
use ebm_noise::Key;
use ebm_teaching::{Batch, Recipe, SampleRequest, Trainer, VariationalRecipe};
use ebm_tensor::{ImageShape, values};

/// Returns bright bars on black, `[batch, 1, 28, 28]` in [−1, 1].
fn strokes(batch: usize, key: Key, device: &Device) -> Tensor<4> {
    let bright = key.uniform::<4>([batch, 1, 1, 28], device).greater_elem(0.7).float();
    bright.repeat_dim(2, 28) * 2.0 - 1.0
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    // Everything about the run is in the recipe: start from an embedded one.
    let mut recipe = Recipe::embedded("digits")?;
    (recipe.iterations, recipe.data.batch, recipe.chains.count) = (5, 16, 16);
    recipe.student = VariationalRecipe::new(3.0).into();
    recipe.validate()?;

    let batch = recipe.data.batch;
    let mut trainer = Trainer::new(recipe, ImageShape::new(1, 28), &device)?;
    for iteration in 0..trainer.recipe().iterations {
        let data = strokes(batch, Key::new(7).fold(iteration), &device);
        let metrics = trainer.step(Batch::new(data, 0))?;
        let (energy, student) = (metrics.energy_loss, metrics.vae_loss);
        println!("iteration {iteration}: energy {energy:?}, student {student:?}");
    }

    let samples = trainer.sample(SampleRequest::new(8, Key::new(1)).steps(15).film_strip(8, 4))?;
    println!("{} frames of {:?}", samples.strip.len(), samples.refined.dims());
    assert!(values(samples.refined).iter().all(|value| value.is_finite()));
    Ok(())
}
