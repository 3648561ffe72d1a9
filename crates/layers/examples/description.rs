//! Reads a description of layers from TOML, checks it, and reports mistakes by their path.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::{Device, Tensor};
use ebm_layers::{ConvLayer, NetworkError, leaky_relu};
use ebm_tensor::ImageShape;
use serde::Deserialize;

/// The part of a configuration file that describes a network.
#[derive(Deserialize)]
struct Description {
    layers: Vec<ConvLayer>,
}

const GOOD: &str = "
layers = [
    { channels = 16, kernel = 5, stride = 2 },
    { channels = 32, kernel = 3, stride = 2 },
]";

fn forward(description: &Description, x: Tensor<4>) -> Result<Tensor<4>, NetworkError> {
    let [_, channels, side, _] = x.dims();
    let image = ImageShape::new(channels, side);
    ConvLayer::check_all(&description.layers)?;
    let output = ConvLayer::check_sizes(&description.layers, image)?;
    let (convolutions, _) = ConvLayer::init_all(&description.layers, image, &x.device());
    println!("{image} → {output}");
    let layer = |x, convolution: &burn::nn::conv::Conv2d| leaky_relu(convolution.forward(x), 0.2);
    Ok(convolutions.iter().fold(x, layer))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x = Tensor::<4>::zeros([2, 1, 28, 28], &Device::flex());
    let features = forward(&toml::from_str(GOOD)?, x.clone())?;
    assert_eq!(features.dims(), [2, 32, 7, 7]);

    // A program whose file has the description under [energy] says so when it reports a mistake.
    let bad: Description = toml::from_str(&GOOD.replace("stride = 2 },\n]", "stride = 0 },\n]"))?;
    let error = forward(&bad, x).expect_err("a stride of zero").within("energy");
    println!("{error}");
    assert!(error.to_string().starts_with("energy.layers[1].stride is 0"));
    Ok(())
}
