//! A listener of your own: it records the losses, keeps the last checkpoint and ends training when
//! chains hardly move.
//!
//!     cargo run --release --example own_listener

use std::error::Error;
use std::path::PathBuf;

use burn::tensor::Device;
use ebm_noise::Key;
use ebm_teaching::{Batch, Ending, Event, Listener, Recipe, StepMetrics, Trainer, train};
use ebm_tensor::ImageShape;

struct Watch {
    metrics: Vec<StepMetrics>,
    checkpoint: PathBuf,
    /// The mean distance between x₀ and x_T at which training ends.
    enough: f64,
}

impl Listener for Watch {
    fn on(
        &mut self,
        trainer: &Trainer,
        event: Event<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        match event {
            Event::Stepped(metrics) => self.metrics.push(*metrics),
            Event::Sampled(samples) => {
                let mean = samples.refined.clone().mean().into_scalar::<f32>();
                println!("after {} iterations: mean of samples {mean:.3}", trainer.iteration());
            }
            // Written as a whole or not at all.
            Event::CheckpointDue => trainer.save(&self.checkpoint)?,
            _ => {}
        }
        Ok(())
    }

    fn wants_end(&self) -> bool {
        self.metrics.last().is_some_and(|metrics| metrics.displacement < self.enough)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let recipe = Recipe::embedded("two-moons-quick")?;
    let batch = recipe.data.batch;
    let mut trainer = Trainer::new(recipe, ImageShape::new(2, 1), &device)?;
    let data = |iteration| {
        let points = Key::new(0).fold(iteration).normal::<4>([batch, 2, 1, 1], &device) * 0.5;
        Batch::new(points, 0)
    };
    let checkpoint = std::env::temp_dir().join("own-listener");
    let mut watch = Watch { metrics: Vec::new(), checkpoint, enough: 0.01 };
    let ending = train(&mut trainer, data, None, &mut [&mut watch])?;
    match ending {
        Ending::Finished => println!("all {} iterations", watch.metrics.len()),
        Ending::Stopped => println!("ended after {} iterations", watch.metrics.len()),
    }
    Ok(())
}
