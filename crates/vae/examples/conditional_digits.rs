//! Trains a small conditional auto-encoder on the embedded digits, and draws a digit of each class:
//! g(z, c) with z ~ N(0, I).

#![allow(clippy::print_stdout, reason = "an example")]

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::Device;
use ebm_layers::ConvLayer;
use ebm_noise::Key;
use ebm_tensor::{Condition, Examples, ImageShape, values};
use ebm_vae::{DecoderConfig, EncoderConfig, UpLayer, VaeConfig};

const BATCH: usize = 50;
const CLASSES: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex();
    let digits = ebm_data::digits()?;
    let up = |channels, kernel, stride, size| UpLayer {
        channels,
        kernel,
        stride,
        size,
        norm: channels > 1,
    };
    let config = VaeConfig {
        latent: 8,
        init_std: 0.05,
        encoder: EncoderConfig {
            layers: vec![
                ConvLayer { channels: 16, kernel: 5, stride: 2 },
                ConvLayer { channels: 32, kernel: 3, stride: 2 },
            ],
            dropout: 0.0,
            ..EncoderConfig::mnist()
        },
        decoder: DecoderConfig {
            layers: vec![up(64, 7, 1, 7), up(32, 4, 2, 14), up(1, 4, 2, 28)],
            ..DecoderConfig::mnist()
        },
    };
    // Images with the class of each: one value that is moved as a whole.
    let batch = |first: usize| {
        let indices: Vec<usize> = (0..BATCH).map(|i| i * 100 + first).collect();
        let labels: Vec<u8> = indices.iter().map(|&i| digits.labels()[i]).collect();
        let classes = Condition::one_hot(&labels, CLASSES, &device);
        Examples::new(digits.batch(&indices, &device), Some(classes))
    };
    let class_of = batch(0).condition.map(|condition| condition.shape());
    let training = device.clone().autodiff();
    let image = ImageShape::new(1, 28);
    let mut vae = config.init_conditional(image, class_of, Key::new(0), &training)?;
    let mut adam = AdamConfig::new().init();
    for iteration in 0..300_u64 {
        let Examples { images, condition } = batch(iteration as usize * 7 % 100);
        let loss = vae.loss(images, condition.as_ref(), 2.0, Key::new(1).fold(iteration));
        let gradients = GradientsParams::from_grads(loss.total.backward(), &vae);
        vae = adam.step(2e-3, vae, gradients);
    }

    // The decoder normalises by the batch, so this one has the size of the training batches.
    let labels: Vec<u8> = (0..BATCH).map(|i| (i % CLASSES) as u8).collect();
    let classes = Condition::one_hot(&labels, CLASSES, &device);
    let z = Key::new(2).normal([BATCH, vae.latent()], &device);
    let drawn = vae.valid().decode(z, Some(&classes)).narrow(0, 0, CLASSES);
    let images: Vec<Vec<f32>> = drawn.split(1, 0).into_iter().map(values).collect();
    for images in images.chunks(5) {
        for row in (0..28).step_by(2) {
            let text = |image: &Vec<f32>| -> String {
                let row = &image[row * 28..(row + 1) * 28];
                row.iter().map(|&x| if x > 0.0 { '#' } else { ' ' }).collect()
            };
            println!("{}", images.iter().map(text).collect::<Vec<_>>().join(" "));
        }
    }
    Ok(())
}
