//! Trains a small variational auto-encoder on the embedded digits, and reconstructs digits that it
//! has not seen.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::Device;
use ebm_layers::ConvLayer;
use ebm_noise::Key;
use ebm_tensor::{ImageShape, scalar, values};
use ebm_vae::{DecoderConfig, EncoderConfig, UpLayer, VaeConfig};

const BATCH: usize = 50;

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
        latent: 16,
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
    let image = ImageShape::new(1, 28);
    let mut vae = config.init(image, Key::new(0), &device.clone().autodiff())?;
    let mut adam = AdamConfig::new().init();

    // 90 of every hundred digits are for training and 10 for testing.
    let batch = |first: usize| {
        let indices: Vec<usize> = (0..BATCH).map(|i| i * 100 + first).collect();
        digits.batch(&indices, &device)
    };
    let error = |loss: ebm_vae::VaeLoss| scalar(loss.reconstruction) / image.len() as f64;
    let test = batch(95);
    let before = error(vae.valid().loss(test.clone(), None, 1.0, Key::new(9)));
    for iteration in 0..300_u64 {
        let data = batch(iteration as usize * 7 % 90);
        let loss = vae.loss(data, None, 1.0, Key::new(1).fold(iteration));
        let gradients = GradientsParams::from_grads(loss.total.backward(), &vae);
        vae = adam.step(2e-3, vae, gradients);
    }
    let loss = vae.valid().loss(test.clone(), None, 1.0, Key::new(9));
    let decoded = loss.decoded.clone();
    let after = error(loss);
    println!(
        "mean squared error of a pixel in unseen digits: {before:.3} before, {after:.3} after"
    );
    assert!(after < 0.3 * before, "it has not learned");

    // Some digits beside their reconstructions, as text.
    for digit in [10, 20, 35] {
        let [left, right] = [&test, &decoded].map(|x| values(x.clone().narrow(0, digit, 1)));
        let text = |row: &[f32]| -> String {
            row.iter().map(|&x| if x > 0.0 { '#' } else { ' ' }).collect()
        };
        for (left, right) in left.chunks(28).zip(right.chunks(28)).step_by(2) {
            println!("{}   {}", text(left), text(right));
        }
    }
    Ok(())
}
