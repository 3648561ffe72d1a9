//! One type for the networks that recipes choose from.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use ebm_energy::{Energy, Frozen};
use ebm_tensor::Condition;

use crate::conv::ConvEnergy;
use crate::frozen::FrozenConvEnergy;
use crate::learning::{Contrast, Learning, Terms};
use crate::residual::ResidualEnergy;

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
    /// - output: `[batch]`
    pub fn negative_energy(&self, x: Tensor<4>, condition: Option<&Condition>) -> Tensor<1> {
        match self {
            Self::Conv(network) => network.negative_energy(x, condition),
            Self::Residual(network) => network.negative_energy(x),
        }
    }

    /// U(x | c) = −f_θ(x, c) for a c that is held: an energy of x like any other, to be sampled by every kernel. Its
    /// batches are as large as c's.
    pub fn given(self, condition: Option<Condition>) -> Given {
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
    condition: Option<Condition>,
}

impl Energy<4> for Given {
    fn energy(&self, x: Tensor<4>) -> Tensor<1> {
        self.network.negative_energy(x, self.condition.as_ref()).neg()
    }

    fn freeze(&self) -> Option<Frozen<'_, 4>> {
        match &self.network {
            EnergyNetwork::Conv(network) => {
                let frozen = FrozenConvEnergy::new(network)?;
                Some(Box::new(frozen.given(network, self.condition.as_ref())))
            }
            EnergyNetwork::Residual(network) => network.freeze(),
        }
    }
}

#[cfg(test)]
mod tests;
