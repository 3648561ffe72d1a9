//! Trains an energy-based model of digits by variational MCMC teaching, and draws samples.
//!
//!     cargo run --release -p ebm --example train_and_sample
//!
//! For a folder with plots, checkpoints and a report, see the examples of `ebm-run`.

use std::error::Error;

use ebm::data::{Batches, digits};
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::{Batch, Recipe, SampleRequest, Trainer};
use ebm::tensor::{ImageShape, values};

fn main() -> Result<(), Box<dyn Error>> {
    let device = open(DeviceName::Cpu)?;
    let mut recipe = Recipe::embedded("digits")?;
    recipe.iterations = 60;
    let key = Key::new(recipe.seed);
    let set = digits()?;
    let mut batches = Batches::new(set.len(), recipe.data.batch, key)?;
    let mut trainer = Trainer::new(recipe.clone(), ImageShape::new(1, 28), &device)?;
    for iteration in 0..recipe.iterations {
        let images = set.batch(&batches.indices(iteration), &device);
        let metrics = trainer.step(Batch::new(images, batches.epoch(iteration)))?;
        if (iteration + 1) % 20 == 0 {
            let loss = metrics.energy_loss.unwrap_or(f64::NAN);
            println!("iteration {}: mean f(x̃) − mean f(x) = {loss:+.3}", iteration + 1);
        }
    }

    // The first sample, as text.
    let samples = trainer.sample(SampleRequest::new(16, key.fold(9)))?;
    let pixels = values(samples.refined.narrow(0, 0, 1));
    for row in pixels.chunks(28).step_by(2) {
        println!("{}", row.iter().map(|&x| if x > 0.0 { '#' } else { '.' }).collect::<String>());
    }
    Ok(())
}
