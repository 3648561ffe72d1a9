//! One type for the networks that recipes choose from.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use ebm_energy::{Energy, Frozen};

use crate::{Contrast, ConvEnergy, FrozenConvEnergy, Learning, ResidualEnergy, Terms};

/// f_θ(x) or f_θ(x, c), the negative energy, as one of the networks.
#[derive(Module, Debug)]
pub enum EnergyNetwork {
    /// See [`ConvEnergy`].
    Conv(ConvEnergy),
    /// See [`ResidualEnergy`].
    Residual(ResidualEnergy),
}

impl EnergyNetwork {
    /// f_θ(x, c): high where the model expects data. A network without conditions leaves c unread.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `condition`: c, `[batch, …]` as the network was made for
    /// - output: `[batch]`
    pub fn negative_energy(&self, x: Tensor<4>, condition: Option<Tensor<4>>) -> Tensor<1> {
        match self {
            Self::Conv(network) => network.negative_energy(x, condition),
            Self::Residual(network) => network.negative_energy(x),
        }
    }

    /// U(x | c) = −f_θ(x, c) for a c that is held: an energy of x like any other, to be sampled by every kernel. Its
    /// batches are as large as c's.
    pub fn given(self, condition: Option<Tensor<4>>) -> Given {
        Given { network: self, condition }
    }

    /// The gradient of maximum likelihood, ∇θ[mean f(x̃, c) − mean f(x, c)] (variational MCMC teaching, eq. 3), with
    /// [what is added](Terms). The Gaussian reference term has no parameters and cancels. The network must be on an
    /// autodiff device.
    pub fn learning(&self, contrast: Contrast, terms: Terms) -> Learning {
        match self {
            Self::Conv(network) => network.learning(contrast, terms),
            Self::Residual(network) => network.learning(contrast, terms),
        }
    }

    /// A step of an optimiser, and what spectral normalisation does after one.
    pub fn descend(
        self,
        optimiser: &mut ModuleOptimizer,
        learning_rate: f64,
        gradients: GradientsParams,
    ) -> Self {
        match optimiser.step(learning_rate, self, gradients) {
            Self::Residual(network) => Self::Residual(network.renormalise()),
            network @ Self::Conv(_) => network,
        }
    }
}

/// U(x | c) = −f_θ(x, c) for a c that is held, as [`EnergyNetwork::given`] returns it.
#[derive(Clone, Debug)]
pub struct Given {
    network: EnergyNetwork,
    condition: Option<Tensor<4>>,
}

impl Energy<4> for Given {
    fn energy(&self, x: Tensor<4>) -> Tensor<1> {
        self.network.negative_energy(x, self.condition.clone()).neg()
    }

    fn freeze(&self) -> Option<Frozen<'_, 4>> {
        match &self.network {
            EnergyNetwork::Conv(network) => {
                let frozen = FrozenConvEnergy::new(network)?;
                Some(Box::new(frozen.given(network, self.condition.clone())))
            }
            EnergyNetwork::Residual(network) => network.freeze(),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::optim::SgdConfig;
    use burn::tensor::Device;
    use ebm_noise::Key;

    use super::*;
    use crate::EnergyConfig;
    use crate::config::tests::{CONV, RESIDUAL};

    fn network(text: &str, seed: u64) -> EnergyNetwork {
        let config: EnergyConfig = toml::from_str(text).expect(text);
        config.init([1, 9], None, Key::new(seed), &Device::flex().autodiff()).expect(text)
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
            let [f, loaded] =
                [saved, loaded].map(|network| network.negative_energy(x.clone(), None));
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
                    let contrast =
                        Contrast { samples: samples.clone(), data: data.clone(), condition: None };
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

    /// A step of learning moves the vectors of spectral normalisation; evaluating energies and gradients
    /// does not.
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
        let contrast = Contrast { samples: images(1), data: images(2), condition: None };
        let gradients = network.learning(contrast, Terms::default()).gradients;
        assert_eq!(vectors(&network), before);
        let after = network.descend(&mut SgdConfig::new().init(), 0.5, gradients);
        assert_ne!(vectors(&after), before);
    }
}
