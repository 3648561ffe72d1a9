//! Prepares a small network once and evaluates its value and its gradient for a batch of images.
//!
//!     cargo run --release -p ebm-score --example plan

use std::time::Instant;

use ebm_score::{Layer, Network, Plan, PlanError};

/// Returns the weights of a layer, uniform in ±√(3/fan-in): activations keep their order of
/// magnitude.
fn weights(len: usize, fan_in: usize, state: &mut u64) -> Vec<f32> {
    let scale = (3.0 / fan_in as f32).sqrt();
    let draw = |_| {
        // A 64-bit linear congruential generator (Knuth's MMIX); its high bits are random enough.
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*state >> 40) as f32 / 8_388_608.0 - 1.0) * scale
    };
    (0..len).map(draw).collect()
}

fn main() -> Result<(), PlanError> {
    let mut state = 1;
    // 28 × 28 grey images: a 3 × 3 convolution, then 4 × 4 convolutions of stride 2 to 14 × 14 and
    // 7 × 7 pixels. Stride and padding default to 1 and 0.
    let mut layers = Vec::new();
    for (inputs, outputs, kernel, stride) in [(1, 32, 3, 1), (32, 64, 4, 2), (64, 64, 4, 2)] {
        let fan_in = inputs * kernel * kernel;
        let layer = Layer::new(outputs, kernel, weights(outputs * fan_in, fan_in, &mut state))
            .with_stride(stride)
            .with_padding([1; 4])
            .with_bias(vec![0.1; outputs]);
        layers.push(layer);
    }
    let head = weights(64 * 7 * 7, 64 * 7 * 7, &mut state);
    let network = Network::new([1, 28, 28], layers, head).with_slope(0.2);

    // The plan is the expensive part, and can be shared between threads.
    let plan = Plan::new(&network)?;
    let [defined, performed] = plan.multiply_adds();
    println!("multiply-adds per image: {defined} by definition, {performed} performed");

    let images = weights(64 * plan.image_len(), 3, &mut state);
    let (mut values, mut gradient) = (vec![0.0; 64], vec![0.0; images.len()]);
    let start = Instant::now();
    plan.value_and_gradient(&images, None, &mut values, &mut gradient);
    println!("64 images in {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    println!("f(x₀) = {:.4}", values[0]);

    // One step of gradient ascent raises the value.
    let moved: Vec<f32> = images.iter().zip(&gradient).map(|(x, g)| x + 0.01 * g).collect();
    let mut after = vec![0.0; 64];
    plan.value(&moved, None, &mut after);
    assert!(after.iter().zip(&values).all(|(after, before)| after > before));
    println!("after a step along the gradient, f(x₀) = {:.4}", after[0]);
    Ok(())
}
