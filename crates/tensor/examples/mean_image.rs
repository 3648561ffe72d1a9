//! Reads tensors on the host: the mean image of each class, from examples with one-hot classes.
//!
//!     cargo run --release -p ebm-tensor --example mean_image

use burn::tensor::{Device, Tensor, TensorData};
use ebm_tensor::{Condition, Examples, ImageShape, values};

fn main() {
    let (device, shape) = (Device::flex(), ImageShape::new(1, 4));
    // Eight images: those of class 0 are dark, those of class 1 bright.
    let labels = [0_u8, 1, 0, 1, 1, 0, 1, 0];
    let pixels: Vec<f32> =
        labels.iter().flat_map(|&label| vec![f32::from(label) - 0.25; shape.len()]).collect();
    let images = Tensor::from_data(TensorData::new(pixels, shape.batch(labels.len())), &device);
    let examples = Examples::new(images, Some(Condition::one_hot(&labels, 2, &device)));

    // Chunks of examples keep images and conditions together.
    let mut sums = [vec![0.0; shape.len()], vec![0.0; shape.len()]];
    for chunk in examples.split(3) {
        let Some(Condition::Class(classes)) = chunk.condition else { continue };
        let (images, classes) = (values(chunk.images), values(classes));
        for (image, class) in images.chunks(shape.len()).zip(classes.chunks(2)) {
            for (sum, &weight) in sums.iter_mut().zip(class) {
                for (sum, pixel) in sum.iter_mut().zip(image) {
                    *sum += weight * pixel / 4.0;
                }
            }
        }
    }
    println!("{shape}: mean pixel of class 0 {}, of class 1 {}", sums[0][0], sums[1][0]);
    assert_eq!([sums[0][0], sums[1][0]], [-0.25, 0.75]);
}
