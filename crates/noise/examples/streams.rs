//! Reproducible batches: every random number is a function of seed, stream, iteration and row.
//!
//!     cargo run --release -p ebm-noise --example streams

use burn::tensor::{Device, Tensor};
use ebm_noise::Key;

/// The streams of this program: two uses of one key fold it with different constants.
mod stream {
    pub(crate) const ORDER: u64 = 0;
    pub(crate) const NOISE: u64 = 1;
}

/// Draws the noise of one iteration, at most `part` rows at a time.
fn noise(seed: Key, iteration: u64, rows: usize, part: usize, device: &Device) -> Tensor<2> {
    let key = seed.fold(stream::NOISE).fold(iteration);
    let parts = (0..rows)
        .step_by(part)
        .map(|first| key.skip_rows(first as u32).normal([part.min(rows - first), 4], device));
    Tensor::cat(parts.collect(), 0)
}

fn main() {
    let device = Device::flex();
    let seed = Key::new(2024);

    let order = seed.fold(stream::ORDER).fold(0).permutation(10);
    println!("order of epoch 0: {order:?}");

    // Iteration 17 of an unbroken run, of a resumed run, and of a run in smaller parts.
    let whole = noise(seed, 17, 10, 10, &device);
    let resumed = noise(Key::new(2024), 17, 10, 10, &device);
    let in_parts = noise(seed, 17, 10, 3, &device);
    whole.to_data().assert_eq(&resumed.into_data(), true);
    whole.to_data().assert_eq(&in_parts.into_data(), true);
    let row: Vec<f32> = whole.narrow(0, 0, 1).into_data().iter::<f32>().collect();
    println!("iteration 17, first row: {row:?}");

    // A branch that draws more does not shift anything that is drawn later.
    let later = noise(seed, 18, 2, 2, &device).into_data();
    let _unrelated = seed.fold(99).uniform::<1>([1000], &device);
    noise(seed, 18, 2, 2, &device).into_data().assert_eq(&later, true);
    println!("all draws agree");
}
