//! The progress of training: a bar on a terminal, log lines elsewhere.

use std::error::Error;
use std::time::{Duration, Instant};

use ebm::teaching::{Event, Listener, StepMetrics, Trainer};
use indicatif::{ProgressBar, ProgressStyle};

/// The time between two log lines where there is no terminal.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// A listener that shows the progress of training: a bar on a terminal, log lines elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    first: u64,
    total: u64,
    started: Instant,
    logged: Instant,
}

impl Progress {
    /// Creates the bar for a run from the trainer's iteration to the last one.
    pub fn new(trainer: &Trainer) -> Self {
        let (first, total) = (trainer.iteration(), trainer.recipe().iterations);
        let bar = ProgressBar::new(total).with_position(first);
        let style =
            ProgressStyle::with_template("{bar:24} {pos}/{len} {per_sec} {eta} left  {msg}");
        // An invalid template is a bug of this file; the default style is better than a panic.
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.reset_eta();
        Self { bar, first, total, started: Instant::now(), logged: Instant::now() }
    }

    /// Completes the bar.
    pub fn finish(&self) {
        self.bar.finish();
    }
}

impl Listener for Progress {
    fn on(
        &mut self,
        trainer: &Trainer,
        event: Event<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Event::Stepped(metrics) = event else { return Ok(()) };
        let done = trainer.iteration();
        // A roll-back, or another model.
        if done <= self.bar.position() {
            self.bar.reset();
            self.first = done - 1;
            (self.started, self.logged) = (Instant::now(), Instant::now());
        }
        self.bar.set_position(done);
        self.bar.set_message(summary(metrics));
        if self.bar.is_hidden() && (self.logged.elapsed() > LOG_INTERVAL || done == self.total) {
            self.logged = Instant::now();
            let elapsed_secs = self.started.elapsed().as_secs_f64();
            let rate = (done - self.first) as f64 / elapsed_secs;
            let left_secs = (self.total - done) as f64 / rate;
            tracing::info!(
                "{done}/{} {rate:.1} it/s {left_secs:.0} s left  {}",
                self.total,
                summary(metrics)
            );
        }
        Ok(())
    }
}

/// Returns the losses that the student has.
fn summary(metrics: &StepMetrics) -> String {
    let mut parts = Vec::new();
    if let Some(loss) = metrics.energy_loss {
        parts.push(format!("energy {loss:+.3e}"));
    }
    if let (Some(loss), Some(reconstruction)) = (metrics.vae_loss, metrics.reconstruction) {
        let kl = metrics.kl.map_or_else(String::new, |kl| format!(", KL {kl:.1}"));
        parts.push(format!("VAE {loss:.1} (rec {reconstruction:.1}{kl})"));
    }
    parts.push(format!("moved {:.2}", metrics.displacement));
    if let Some(stiffness) = metrics.stiffness {
        parts.push(format!("stiffness {stiffness:.2}"));
    }
    if let Some(acceptance) = metrics.acceptance {
        parts.push(format!("acceptance {acceptance:.2}"));
    }
    parts.join(", ")
}
