//! Checks a plan's gradients against central differences: of the input, and of the weights.
//!
//!     cargo run --release -p ebm-score --example gradient_check

use ebm_score::{Layer, Network, Plan, PlanError};

/// The step, large enough for single precision: the biases keep all pre-activations positive, so f
/// is linear here. In general, a step must not cross a jump of the gradient.
const STEP: f32 = 0.1;

fn network(weight: &[f32]) -> Network {
    let layer = Layer::new(3, 3, weight.to_vec()).with_padding([1; 4]).with_bias(vec![2.0; 3]);
    Network::new([1, 4, 4], vec![layer], (0..48).map(|i| 0.1 - 0.01 * i as f32).collect())
        .with_slope(0.2)
}

/// Computes f of one image.
fn value(plan: &Plan, x: &[f32]) -> f32 {
    let mut value = [0.0];
    plan.value(x, None, &mut value);
    value[0]
}

/// Returns the largest difference between two gradients, relative to the largest element.
fn error(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0.0_f32, |largest, e| largest.max(e.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max) / largest
}

fn main() -> Result<(), PlanError> {
    let weight: Vec<f32> = (0..27).map(|i| 0.05 * ((7 * i % 11) as f32 - 5.0)).collect();
    let x: Vec<f32> = (0..16).map(|i| 0.1 * ((5 * i % 7) as f32 - 3.0)).collect();
    let plan = Plan::new(&network(&weight))?;

    let mut gradient = vec![0.0; x.len()];
    plan.value_and_gradient(&x, None, &mut [0.0], &mut gradient);
    let differences: Vec<f32> = (0..x.len())
        .map(|i| {
            let at = |step: f32| {
                let mut x = x.clone();
                x[i] += step;
                value(&plan, &x)
            };
            (at(STEP) - at(-STEP)) / (2.0 * STEP)
        })
        .collect();
    let input = error(&gradient, &differences);

    let learned = plan.weight_gradient(&x, None, &[1.0], &mut [0.0]);
    let mut differences = Vec::new();
    for i in 0..weight.len() {
        let at = |step: f32| -> Result<f32, PlanError> {
            let mut weight = weight.clone();
            weight[i] += step;
            Ok(value(&Plan::new(&network(&weight))?, &x))
        };
        differences.push((at(STEP)? - at(-STEP)?) / (2.0 * STEP));
    }
    let weights = error(&learned.layers[0].weight, &differences);

    println!("relative error: input gradient {input:.1e}, weight gradient {weights:.1e}");
    assert!(input < 1e-4 && weights < 1e-4);
    Ok(())
}
