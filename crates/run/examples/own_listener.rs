//! Trains by a recipe with a listener of your own, which ends the run when the energy loss has
//! settled.
//!
//!     cargo run --release -p ebm-run --example own_listener

use std::error::Error;

use ebm::device::{DeviceName, open};
use ebm::teaching::{Ending, Event, Listener, Recipe, Trainer};
use ebm_run::{Run, RunOptions};

/// Ends training as soon as the mean of |mean f(x̃) − mean f(x)| over some iterations is below a
/// limit.
struct Settled {
    limit: f64,
    window: usize,
    losses: Vec<f64>,
}

impl Listener for Settled {
    fn on(&mut self, _: &Trainer, event: Event<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Event::Stepped(metrics) = event {
            self.losses.extend(metrics.energy_loss.map(f64::abs));
        }
        Ok(())
    }

    fn wants_end(&self) -> bool {
        let Some(start) = self.losses.len().checked_sub(self.window) else { return false };
        let last = &self.losses[start..];
        last.iter().sum::<f64>() / (last.len() as f64) < self.limit
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let recipe = Recipe::embedded("digits")?;
    let mut run = Run::create(recipe, &open(DeviceName::Cpu)?, &RunOptions::default())?;
    let mut settled = Settled { limit: 0.5, window: 20, losses: Vec::new() };
    let ending = run.train(&mut [&mut settled])?;
    let iterations = run.trainer().iteration();
    match ending {
        Ending::Finished => println!("never settled within {iterations} iterations"),
        Ending::Stopped => println!("settled after {iterations} iterations"),
    }
    println!("{}", run.report()?.display());
    Ok(())
}
