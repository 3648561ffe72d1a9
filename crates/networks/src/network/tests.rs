use burn::module::{ModuleVisitor, Param};
use burn::optim::SgdConfig;
use burn::tensor::Device;
use ebm_noise::Key;
use ebm_tensor::ImageShape;

use super::*;
use crate::EnergyConfig;
use crate::testing::{CONV, RESIDUAL};

fn network(text: &str, seed: u64) -> EnergyNetwork {
    let config: EnergyConfig = toml::from_str(text).expect(text);
    config
        .init(ImageShape::new(1, 9), None, Key::new(seed), &Device::flex().autodiff())
        .expect(text)
}

/// The variant's name is part of a parameter's path: a record of one network does not fit another.
#[test]
fn records_fit_their_own_network() {
    let x = Key::new(4).uniform::<4>([2, 1, 9, 9], &Device::flex());
    for (text, other) in [(CONV, RESIDUAL), (RESIDUAL, CONV)] {
        let saved = network(text, 1);
        let bytes = saved.clone().into_record().into_bytes().expect("bytes");
        let record = || burn::store::ModuleRecord::from_bytes(bytes.clone()).expect("a record");
        let loaded = network(text, 2).try_load_record(record()).expect("of the same network");
        let [f, loaded] = [saved, loaded].map(|network| network.negative_energy(x.clone(), None));
        loaded.into_data().assert_eq(&f.into_data(), true);
        network(other, 2).try_load_record(record()).expect_err("of another network");
    }
}

/// Steps lower the loss of a fixed batch; the same steps give the same bits.
#[test]
fn learning_descends_and_is_reproducible() {
    let images = |key| Key::new(key).uniform::<4>([16, 1, 9, 9], &Device::flex());
    let (samples, data) = (images(1), images(2) * 0.5);
    for text in [CONV, RESIDUAL] {
        let train = || {
            let mut network = network(text, 3);
            let mut optimiser = SgdConfig::new().init();
            let mut losses = Vec::new();
            for _ in 0..6 {
                let contrast = Contrast { samples: samples.clone(), data: data.clone().into() };
                let learning =
                    network.learning(contrast, Terms { regulariser: 0.01, ..Terms::default() });
                losses.push(learning.f_samples - learning.f_data);
                network = network.descend(&mut optimiser, 0.02, learning.gradients);
            }
            losses
        };
        let losses = train();
        assert!(losses[5] < losses[0], "{text}: {losses:?}");
        assert_eq!(losses, train());
    }
}

struct Vectors(Vec<f32>);

impl ModuleVisitor for Vectors {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            self.0.extend(ebm_tensor::values(param.base()));
        }
    }
}

/// A step of learning moves the vectors of spectral normalisation; evaluating energies and
/// gradients does not.
#[test]
fn singular_vectors_move_with_the_weights() {
    let vectors = |network: &EnergyNetwork| {
        let mut vectors = Vectors(Vec::new());
        network.visit(&mut vectors);
        vectors.0
    };
    let network = network(RESIDUAL, 3);
    let before = vectors(&network);
    assert_eq!(before.len(), 3 * 4 + 3 * 6 + 6);
    let images = |key| Key::new(key).uniform::<4>([4, 1, 9, 9], &Device::flex());
    let _ = network.valid().given(None).energy_and_gradient(images(1));
    let contrast = Contrast { samples: images(1), data: images(2).into() };
    let gradients = network.learning(contrast, Terms::default()).gradients;
    assert_eq!(vectors(&network), before);
    let after = network.descend(&mut SgdConfig::new().init(), 0.5, gradients);
    assert_ne!(vectors(&after), before);
}
