//! Trains by a recipe with a listener of your own, which ends the run after a given time.
//!
//!     cargo run --release -p ebm-run --example time_limit -- SECONDS
//!
//! The run ends with a checkpoint, from which `Run::resume` or `ebm train --resume` continues.

use std::error::Error;
use std::time::{Duration, Instant};

use ebm::device::{DeviceName, open};
use ebm::teaching::{Ending, Event, Listener, Recipe, Trainer};
use ebm_run::{Run, RunOptions};

/// A listener that ends training after a time, and keeps the largest displacement of a chain.
struct TimeLimit {
    end: Instant,
    displacement: f64,
}

impl Listener for TimeLimit {
    fn on(&mut self, _: &Trainer, event: Event<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Event::Stepped(metrics) = event {
            self.displacement = self.displacement.max(metrics.displacement);
        }
        Ok(())
    }

    fn wants_end(&self) -> bool {
        Instant::now() >= self.end
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(10), |given| given.parse())?;
    let recipe = Recipe::embedded("digits")?;
    let mut run = Run::create(recipe, &open(DeviceName::Cpu)?, &RunOptions::default())?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut limit = TimeLimit { end, displacement: 0.0 };
    let ending = run.train(&mut [&mut limit])?;
    let state = if ending == Ending::Finished { "finished" } else { "stopped" };
    println!("{state} after {} iterations", run.trainer().iteration());
    println!("largest mean displacement ‖x̃ − x₀‖: {:.2}", limit.displacement);
    println!("{}", run.report()?.display());
    Ok(())
}
