//! Precision, recall, density and coverage tell a blurred generator from one that has lost a mode.
//!
//!     cargo run --release -p ebm-metrics --example precision_recall

use ebm_metrics::{Bootstrap, FeatureSet, MetricsError, Neighbours, Spread};
use ebm_noise::Key;

/// Draws `count` points around the centres (±2, 0), with standard deviation `std`; `left` is the
/// share of the left mode.
fn modes(count: u32, std: f64, left: f64, key: Key) -> Result<FeatureSet, MetricsError> {
    let mut values = Vec::new();
    for row in 0..count {
        let centre = if key.uniform_at(row, 0) < left { -2.0 } else { 2.0 };
        key.normal_row(row, 2, |_, z| {
            values
                .extend([centre + std * f64::from(z[0]), std * f64::from(z[1])].map(|x| x as f32));
        });
    }
    FeatureSet::new(2, values)
}

fn main() -> Result<(), MetricsError> {
    let real = modes(500, 0.5, 0.5, Key::new(1))?;
    println!("{:>12}  precision            recall  density  coverage", "generator");
    for (name, std, left) in [("exact", 0.5, 0.5), ("blurred", 1.5, 0.5), ("one mode", 0.5, 0.0)] {
        let generated = modes(500, std, left, Key::new(2))?;
        let found = Neighbours::new(&real, &generated, 5)?;
        let mean = |values: &[f64]| Spread::of(values).mean;
        let interval = Bootstrap::default().mean(&found.precision, Key::new(3))?;
        println!(
            "{name:>12}  {:.2} ({:.2} to {:.2})  {:.2}    {:.2}     {:.2}",
            mean(&found.precision),
            interval.low,
            interval.high,
            mean(&found.recall),
            mean(&found.density),
            mean(&found.coverage),
        );
    }
    Ok(())
}
