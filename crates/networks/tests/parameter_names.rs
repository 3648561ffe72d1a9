//! The names of parameters in checkpoints, which must stay as they are: old checkpoints name theirs
//! so.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ebm_layers::{ConditionConfig, ConvLayer};
use ebm_networks::{ConvEnergyConfig, EnergyConfig, ResidualEnergyConfig};
use ebm_noise::Key;
use ebm_tensor::{ConditionShape, ImageShape};

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

fn names(config: EnergyConfig, condition: Option<ConditionShape>) -> Vec<String> {
    let network = config.init(ImageShape::new(1, 8), condition, Key::new(0), &Device::flex());
    let mut names = Names::default();
    network.expect("valid").visit(&mut names);
    names.found
}

#[test]
fn of_a_convolutional_energy() {
    let config = ConvEnergyConfig {
        layers: vec![ConvLayer { channels: 2, kernel: 3, stride: 2 }; 2],
        condition: Some(ConditionConfig { layer: 1, embedding: true }),
        ..ConvEnergyConfig::mnist()
    };
    let condition = Some(ConditionShape::Class { classes: 3 });
    let expected = [
        "Conv.convolutions.0.weight",
        "Conv.convolutions.0.bias",
        "Conv.convolutions.1.weight",
        "Conv.convolutions.1.bias",
        "Conv.head.weight",
        "Conv.head.bias",
        "Conv.condition.convolution.weight",
    ];
    assert_eq!(names(config.into(), condition), expected);
}

#[test]
fn of_a_residual_energy() {
    let config = ResidualEnergyConfig { channels: vec![2, 3], blocks: 1, spectral_norm: true };
    let expected = [
        "Residual.stem.weight",
        "Residual.stem.weight.spectral_norm.u",
        "Residual.stem.bias",
        "Residual.stages.0.blocks.0.first.weight",
        "Residual.stages.0.blocks.0.first.weight.spectral_norm.u",
        "Residual.stages.0.blocks.0.first.bias",
        "Residual.stages.0.blocks.0.second.weight",
        "Residual.stages.0.blocks.0.second.weight.spectral_norm.u",
        "Residual.stages.0.blocks.0.second.bias",
        "Residual.stages.1.blocks.0.first.weight",
        "Residual.stages.1.blocks.0.first.weight.spectral_norm.u",
        "Residual.stages.1.blocks.0.first.bias",
        "Residual.stages.1.blocks.0.second.weight",
        "Residual.stages.1.blocks.0.second.weight.spectral_norm.u",
        "Residual.stages.1.blocks.0.second.bias",
        "Residual.stages.1.blocks.0.skip.weight",
        "Residual.stages.1.blocks.0.skip.weight.spectral_norm.u",
        "Residual.head.weight",
        "Residual.head.weight.spectral_norm.u",
        "Residual.head.bias",
    ];
    assert_eq!(names(config.into(), None), expected);
}
