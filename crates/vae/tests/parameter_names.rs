//! The names of parameters in checkpoints, which must stay as they are: old checkpoints name theirs
//! so.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ebm_layers::{ConditionConfig, ConvLayer};
use ebm_noise::Key;
use ebm_tensor::{ConditionShape, ImageShape};
use ebm_vae::{DecoderConfig, EncoderConfig, ResnetConfig, UpLayer, VaeConfig};

const IMAGE: ImageShape = ImageShape::new(1, 8);

#[derive(Default)]
struct Names {
    path: Vec<String>,
    found: Vec<String>,
}

impl ModuleVisitor for Names {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        self.found.push(self.path.join("."));
    }
}

fn names(decoder: DecoderConfig) -> Vec<String> {
    let encoder = EncoderConfig {
        layers: vec![ConvLayer { channels: 2, kernel: 3, stride: 2 }],
        condition: Some(ConditionConfig { layer: 0, embedding: false }),
        ..EncoderConfig::mnist()
    };
    let config = VaeConfig { latent: 4, encoder, decoder, ..VaeConfig::mnist() };
    let condition = Some(ConditionShape::Image(IMAGE));
    let vae = config.init_conditional(IMAGE, condition, Key::new(0), &Device::flex());
    let mut names = Names::default();
    vae.expect("valid").visit(&mut names);
    names.found
}

#[test]
fn of_a_vae_of_layers() {
    let layer = |channels, kernel, stride, size| UpLayer {
        channels,
        kernel,
        stride,
        size,
        norm: channels > 1,
    };
    let layers = vec![layer(2, 4, 1, 4), layer(1, 4, 2, 8)];
    let expected = [
        "encoder.convolutions.0.weight",
        "encoder.convolutions.0.bias",
        "encoder.mean.weight",
        "encoder.mean.bias",
        "encoder.log_variance.weight",
        "encoder.log_variance.bias",
        "encoder.condition.convolution.weight",
        "decoder.convolutions.0.weight",
        "decoder.convolutions.0.bias",
        "decoder.convolutions.1.weight",
        "decoder.convolutions.1.bias",
        "decoder.norms.0.shift",
        "decoder.condition.down.0.weight",
        "decoder.condition.down.0.bias",
        "decoder.condition.down.1.weight",
        "decoder.condition.down.1.bias",
        "decoder.condition.across.0.weight",
        "decoder.condition.across.0.bias",
        "decoder.condition.across.1.weight",
        "decoder.condition.across.1.bias",
    ];
    assert_eq!(names(DecoderConfig { layers, ..DecoderConfig::mnist() }), expected);
}

#[test]
fn of_a_vae_that_maps_images_to_images() {
    let resnet = Some(ResnetConfig { width: 1, blocks: 1 });
    let expected = [
        "encoder.convolutions.0.weight",
        "encoder.convolutions.0.bias",
        "encoder.mean.weight",
        "encoder.mean.bias",
        "encoder.log_variance.weight",
        "encoder.log_variance.bias",
        "encoder.condition.convolution.weight",
        "decoder.resnet.down.0.weight",
        "decoder.resnet.down.0.bias",
        "decoder.resnet.down.1.weight",
        "decoder.resnet.down.1.bias",
        "decoder.resnet.down.2.weight",
        "decoder.resnet.down.2.bias",
        "decoder.resnet.blocks.0.weight",
        "decoder.resnet.blocks.0.bias",
        "decoder.resnet.blocks.1.weight",
        "decoder.resnet.blocks.1.bias",
        "decoder.resnet.up.0.weight",
        "decoder.resnet.up.0.bias",
        "decoder.resnet.up.1.weight",
        "decoder.resnet.up.1.bias",
        "decoder.resnet.last.weight",
        "decoder.resnet.last.bias",
        "decoder.resnet.norms.0.scale",
        "decoder.resnet.norms.0.shift",
        "decoder.resnet.norms.1.scale",
        "decoder.resnet.norms.1.shift",
        "decoder.resnet.norms.2.scale",
        "decoder.resnet.norms.2.shift",
        "decoder.resnet.norms.3.scale",
        "decoder.resnet.norms.3.shift",
        "decoder.resnet.norms.4.scale",
        "decoder.resnet.norms.4.shift",
        "decoder.resnet.norms.5.scale",
        "decoder.resnet.norms.5.shift",
        "decoder.resnet.norms.6.scale",
        "decoder.resnet.norms.6.shift",
    ];
    assert_eq!(names(DecoderConfig { layers: vec![], resnet, ..DecoderConfig::mnist() }), expected);
}
