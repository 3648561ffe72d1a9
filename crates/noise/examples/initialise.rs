//! Initial parameters from a key: two programs, or two backends, start from the same network.
//!
//!     cargo run --release -p ebm-noise --example initialise

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use ebm_noise::{Key, initialise, initialise_fan_in};

#[derive(Module, Debug)]
struct Network {
    convolution: Conv2d,
    head: Linear,
}

impl Network {
    fn new(device: &Device) -> Self {
        Self {
            convolution: Conv2dConfig::new([3, 16], [5, 5]).init(device),
            head: LinearConfig::new(16, 10).init(device),
        }
    }
}

fn std(weight: Tensor<4>) -> f32 {
    weight.powi_scalar(2).mean().sqrt().into_scalar()
}

fn main() {
    let device = Device::flex();
    let key = Key::new(7);

    let narrow = initialise(Network::new(&device), key, 0.005);
    println!("N(0, 0.005²): sd {:.5}", std(narrow.convolution.weight.val()));

    let scaled = initialise_fan_in(Network::new(&device), key);
    let expected = (1.0_f64 / (3.0 * 5.0 * 5.0)).sqrt();
    println!("N(0, 1/n): sd {:.5}, expected {expected:.5}", std(scaled.convolution.weight.val()));

    let again = initialise_fan_in(Network::new(&device), key);
    let head = scaled.head.weight.val().into_data();
    again.head.weight.val().into_data().assert_eq(&head, true);
    let bias = scaled.head.bias.expect("a linear layer has a bias").val();
    assert_eq!(bias.abs().max().into_scalar::<f32>(), 0.0);
    println!("the same key yields the same parameters");
}
