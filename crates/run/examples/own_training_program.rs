//! A training program of your own that leaves the same folder and report as `ebm train`.
//!
//!     cargo run --release -p ebm-run --example own_training_program -- FOLDER
//!
//! The loop and the data are this program's: images of discs that are drawn as they are needed. The
//! folder only needs to hear of the events.

use std::error::Error;

use burn::tensor::{Device, Tensor, TensorData};
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::{Batch, Event, Listener, Recipe, SampleRequest, Trainer};
use ebm::tensor::{ImageShape, values};
use ebm_run::{Preview, RunFolder};

const SHAPE: ImageShape = ImageShape::new(1, 28);

/// Draws white discs of random centres and radii, `[count, 1, 28, 28]` in [−1, 1].
fn discs(count: usize, key: Key, device: &Device) -> Tensor<4> {
    let uniform = values(key.uniform::<2>([count, 3], device));
    let mut pixels = Vec::with_capacity(count * SHAPE.len());
    for disc in uniform.as_chunks::<3>().0 {
        let [x, y, radius] = [8.0 + 12.0 * disc[0], 8.0 + 12.0 * disc[1], 3.0 + 4.0 * disc[2]];
        for pixel in 0..SHAPE.len() {
            let (dx, dy) = ((pixel % 28) as f32 - x, (pixel / 28) as f32 - y);
            // One pixel wide, so that edges are smooth.
            pixels.push((radius - dx.hypot(dy)).clamp(-1.0, 1.0));
        }
    }
    Tensor::from_data(TensorData::new(pixels, SHAPE.batch(count)), device)
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "runs/discs".into());
    let device = open(DeviceName::Cpu)?;
    let mut recipe = Recipe::embedded("digits")?;
    recipe.name = "discs".into();
    recipe.description = "Discs, by a training program of its own".into();
    recipe.data.set = "discs".into();
    let (iterations, batch) = (100, recipe.data.batch);
    let key = Key::new(recipe.seed);
    let mut trainer = Trainer::new(recipe, SHAPE, &device)?;
    let preview = Preview::new(discs(64, key.fold(1_000), &device));
    let mut folder = RunFolder::create(path, &trainer, preview, DeviceName::Cpu)?;

    for iteration in 0..iterations {
        let data = discs(batch, key.fold(1_001).fold(iteration), &device);
        let metrics = trainer.step(Batch::new(data, 0))?;
        folder.on(&trainer, Event::Stepped(&metrics))?;
        if (iteration + 1) % 50 == 0 {
            let request = SampleRequest::new(64, key.fold(1_002)).film_strip(8, 11);
            folder.on(&trainer, Event::Sampled(&trainer.sample(request)?))?;
        }
    }
    folder.on(&trainer, Event::CheckpointDue)?;
    println!("{}", folder.report()?.display());
    Ok(())
}
