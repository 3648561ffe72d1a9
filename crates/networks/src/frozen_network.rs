//! Networks whose weights are prepared once for chains and for learning.

use burn::module::Module;
use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_tensor::Condition;

use crate::conv::ConvEnergy;
use crate::frozen::FrozenConvEnergy;
use crate::learning::{Contrast, Learning, Terms, by_autodiff};
use crate::network::{EnergyNetwork, Given};

/// A network whose weights are fixed for a while, prepared once for all of their uses: chains under
/// any condition, and the learning gradient.
///
/// On a CPU a convolutional network is prepared as a plan (see [`FrozenConvEnergy`]), and the
/// weights of a residual network with spectral normalisation are divided. Elsewhere the network is
/// used as it is.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_energy::Energy;
/// use ebm_networks::{Contrast, ConvEnergyConfig, EnergyConfig, Terms};
/// use ebm_noise::Key;
/// use ebm_tensor::ImageShape;
///
/// let device = Device::flex();
/// let config = EnergyConfig::from(ConvEnergyConfig::mnist());
/// let (image, training) = (ImageShape::new(1, 28), device.clone().autodiff());
/// let network = config.init(image, None, Key::new(0), &training)?;
/// let data = Tensor::zeros(image.batch(4), &device);
///
/// let frozen = network.frozen();
/// // A step down the energy stands for a chain, ...
/// let (_, gradient) = frozen.given(None).energy_and_gradient(data.clone());
/// let samples = data.clone() - gradient * 0.1;
/// // ... and the weights learn from where it ends, with the same preparation.
/// let contrast = Contrast { samples, data: data.into() };
/// let learning = frozen.learning(contrast, Terms::default());
/// assert!(learning.f_samples > learning.f_data);
/// # Ok::<(), ebm_layers::NetworkError>(())
/// ```
#[derive(Debug)]
pub struct FrozenNetwork<'n>(Form<'n>);

#[derive(Debug)]
enum Form<'n> {
    /// A plan of the network's weights.
    Plan { network: &'n ConvEnergy, plan: FrozenConvEnergy },
    /// The network itself, and its weights without autodiff.
    Network { network: &'n EnergyNetwork, weights: Box<EnergyNetwork> },
}

/// The energy of a [`FrozenNetwork`], ready for chains.
#[derive(Clone, Debug)]
pub struct FrozenEnergy(Evaluation);

#[derive(Clone, Debug)]
enum Evaluation {
    Plan(FrozenConvEnergy),
    Network(Box<Given>),
}

impl EnergyNetwork {
    /// Prepares the network's weights, as they are now, for chains and for learning.
    pub fn frozen(&self) -> FrozenNetwork<'_> {
        FrozenNetwork(match self {
            Self::Conv(network) => match FrozenConvEnergy::new(network) {
                Some(plan) => Form::Plan { network, plan },
                None => Form::Network { network: self, weights: Box::new(self.valid()) },
            },
            Self::Residual(network) => {
                let weights = Box::new(Self::Residual(network.materialised()));
                Form::Network { network: self, weights }
            }
        })
    }
}

impl FrozenNetwork<'_> {
    /// Returns U(x | c) = −f_θ(x, c) for fixed c: an energy of x that any kernel can sample, in
    /// batches as large as that of c.
    pub fn given(&self, condition: Option<Condition>) -> FrozenEnergy {
        FrozenEnergy(match &self.0 {
            Form::Plan { network, plan } => {
                Evaluation::Plan(plan.clone().given(network, condition.as_ref()))
            }
            Form::Network { weights, .. } => {
                let weights = EnergyNetwork::clone(weights);
                Evaluation::Network(Box::new(weights.given(condition)))
            }
        })
    }

    /// Returns the gradient of maximum likelihood, as [`EnergyNetwork::learning`] does.
    pub fn learning(&self, contrast: Contrast, terms: Terms) -> Learning {
        match &self.0 {
            Form::Plan { network, plan } => plan.clone().learning(network, contrast, terms),
            Form::Network { network, .. } => {
                by_autodiff(*network, EnergyNetwork::negative_energy, contrast, terms)
            }
        }
    }
}

impl Energy<4> for FrozenEnergy {
    fn energy(&self, x: Tensor<4>) -> Tensor<1> {
        match &self.0 {
            Evaluation::Plan(energy) => energy.energy(x),
            Evaluation::Network(energy) => energy.energy(x),
        }
    }

    fn energy_and_gradient(&self, x: Tensor<4>) -> (Tensor<1>, Tensor<4>) {
        match &self.0 {
            Evaluation::Plan(energy) => energy.energy_and_gradient(x),
            Evaluation::Network(energy) => energy.energy_and_gradient(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::Device;
    use ebm_energy::prepare;
    use ebm_noise::Key;
    use ebm_tensor::{Examples, ImageShape, values};

    use super::*;
    use crate::EnergyConfig;
    use crate::testing::{CONV, RESIDUAL};

    struct Gradients<'g>(&'g GradientsParams, Vec<f32>);

    impl ModuleVisitor for Gradients<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.extend(self.0.get::<D>(param.id).map(values).unwrap_or_default());
        }
    }

    /// One preparation for both uses has the bits of one for each.
    #[test]
    fn shared_and_separate_preparations_agree() {
        let device = Device::flex();
        let images = |key| Key::new(key).uniform::<4>([6, 1, 9, 9], &device) * 2.0 - 1.0;
        let class = Condition::Class(Key::new(3).uniform([6, 2], &device));
        let plain = RESIDUAL.replace("true", "false");
        for (text, condition) in
            [(CONV, None), (CONV, Some(class)), (RESIDUAL, None), (plain.as_str(), None)]
        {
            let config: EnergyConfig = toml::from_str(text).expect(text);
            let shape = condition.as_ref().map(Condition::shape);
            let network =
                config.init(ImageShape::new(1, 9), shape, Key::new(5), &device.clone().autodiff());
            let network = network.expect(text);
            let frozen = network.frozen();

            let [shared, separate] = [
                frozen.given(condition.clone()).energy_and_gradient(images(1)),
                prepare(&network.valid().given(condition.clone())).energy_and_gradient(images(1)),
            ];
            shared.0.into_data().assert_eq(&separate.0.into_data(), true);
            shared.1.into_data().assert_eq(&separate.1.into_data(), true);

            let contrast =
                Contrast { samples: images(1), data: Examples::new(images(2), condition) };
            let terms = Terms { regulariser: 0.1, condition_weight: 1.0 };
            let [shared, separate] =
                [frozen.learning(contrast.clone(), terms), network.learning(contrast, terms)].map(
                    |learning| {
                        let mut gradients = Gradients(&learning.gradients, Vec::new());
                        network.visit(&mut gradients);
                        assert!(gradients.1.len() > 100, "{text}");
                        (
                            [learning.f_samples, learning.f_data],
                            learning.condition_loss,
                            gradients.1,
                        )
                    },
                );
            assert_eq!(shared, separate, "{text}");
        }
    }
}
