//! Builds a network that reads a class or an image beside its input, with a [`ConditionLayer`].

#![allow(clippy::print_stdout, reason = "an example")]

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use ebm_layers::{ConditionConfig, ConditionLayer, ConvLayer, NetworkError, leaky_relu};
use ebm_tensor::{Condition, ConditionShape, ImageShape};

/// Convolutions of x, with the condition's sums added to one of them.
#[derive(Module, Debug)]
struct Conditional {
    convolutions: Vec<Conv2d>,
    condition: ConditionLayer,
}

impl Conditional {
    fn new(
        config: ConditionConfig,
        shape: ConditionShape,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let image = ImageShape::new(1, 12);
        let layers = [ConvLayer { channels: 8, kernel: 3, stride: 2 }; 2];
        let condition = config.init(&layers, image, shape, device)?;
        let (convolutions, _) = ConvLayer::init_all(&layers, image, device);
        Ok(Self { convolutions, condition })
    }

    fn forward(&self, x: Tensor<4>, condition: &Condition) -> Tensor<4> {
        let layers = self.convolutions.iter().enumerate();
        layers.fold(x, |x, (index, convolution)| {
            let sums = convolution.forward(x);
            let added = (index == self.condition.layer()).then(|| self.condition.sums(condition));
            leaky_relu(added.map_or(sums.clone(), |added| sums + added), 0.2)
        })
    }
}

fn main() -> Result<(), NetworkError> {
    let device = Device::flex();
    let x = Tensor::<4>::ones([3, 1, 12, 12], &device);
    let classes = Condition::one_hot(&[0, 1, 2], 10, &device);
    let images = Condition::Image(Tensor::ones([3, 2, 12, 12], &device));
    for (name, layer, embedding, condition) in [
        ("classes as channels of the second layer's input", 1, false, &classes),
        ("classes as one number for each channel", 1, true, &classes),
        ("images beside x", 0, false, &images),
    ] {
        let config = ConditionConfig { layer, embedding };
        let network = Conditional::new(config, condition.shape(), &device)?;
        let features = network.forward(x.clone(), condition);
        println!("{name}: {} weights", network.condition.num_params());
        assert_eq!(features.dims(), [3, 8, 3, 3]);
    }
    // An image of 12 × 12 does not fit a layer whose input is 6 × 6.
    let config = ConditionConfig { layer: 1, embedding: false };
    let error = Conditional::new(config, images.shape(), &device).expect_err("it does not fit");
    println!("{error}");
    Ok(())
}
