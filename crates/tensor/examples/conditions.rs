//! A conditional model sees its condition as feature maps, whatever the condition is.
//!
//!     cargo run --release -p ebm-tensor --example conditions

use burn::tensor::{Device, Tensor};
use ebm_tensor::{Condition, Examples, ImageShape, values};

/// Returns an energy of each image, lowest where its mean equals that of its condition.
fn energy(examples: &Examples) -> Tensor<1> {
    let mean = |maps: Tensor<4>| maps.flatten::<2>(1, 3).mean_dim(1).squeeze_dim::<1>(1);
    let images = mean(examples.images.clone());
    match examples.condition.clone() {
        Some(condition) => (images - mean(condition.into_maps())).powi_scalar(2),
        None => images.powi_scalar(2),
    }
}

fn main() {
    let device = Device::flex();
    let images = Tensor::<4>::ones(ImageShape::new(1, 4).batch(4), &device) * 0.5;
    let classes = Condition::one_hot(&[0, 1, 0, 1], 2, &device);
    let masks = Condition::Image(images.clone() * 2.0);

    for condition in [Some(classes), Some(masks), None] {
        let name = condition.as_ref().map_or_else(|| "none".into(), |c| c.shape().to_string());
        let examples = Examples::new(images.clone(), condition);
        // Batches are split, and their conditions with them.
        let energies = examples.split(3).iter().map(energy).map(values).collect::<Vec<_>>();
        println!("condition: {name}; energies {energies:?}");
    }
}
