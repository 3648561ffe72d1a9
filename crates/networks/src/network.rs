//! One type for all networks that a configuration can choose.

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use ebm_energy::{Energy, Frozen};
use ebm_tensor::Condition;

use crate::conv::ConvEnergy;
use crate::frozen::FrozenConvEnergy;
use crate::learning::{Contrast, Learning, Terms};
use crate::residual::ResidualEnergy;
use crate::spectral;

/// A network f_θ(x) or f_θ(x, c), the negative energy.
#[derive(Module, Debug)]
pub enum EnergyNetwork {
    /// A feed-forward convolutional network.
    Conv(ConvEnergy),
    /// A residual network.
    Residual(ResidualEnergy),
}

impl EnergyNetwork {
    /// Returns f_θ(x, c), which is high where the model expects data. An unconditional network
    /// ignores c.
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

    /// Returns U(x | c) = −f_θ(x, c) for fixed c: an energy of x that any kernel can sample, in
    /// batches as large as that of c.
    pub fn given(self, condition: Option<Condition>) -> Given {
        Given { network: self, condition }
    }

    /// Returns the gradient of maximum likelihood, ∇θ[mean f(x̃, c) − mean f(x, c)] (variational
    /// MCMC teaching, eq. 3), plus that of additional [terms](Terms). The Gaussian reference term
    /// has no parameters and cancels. The network must be on an autodiff device.
    pub fn learning(&self, contrast: Contrast, terms: Terms) -> Learning {
        match self {
            Self::Conv(network) => network.learning(contrast, terms),
            Self::Residual(network) => network.learning(contrast, terms),
        }
    }

    /// Makes a step of an optimiser, and then one of the power iteration of spectral normalisation,
    /// if the network has it.
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

    /// Multiplies every weight by 1 − `share`; biases keep their values. The weights of a network
    /// with spectral normalisation do not depend on their size.
    #[must_use]
    pub fn decay(self, share: f64) -> Self {
        if share == 0.0 { self } else { self.map(&mut Shrink(1.0 - share)) }
    }

    /// Scales the weights of each hidden layer down to a largest singular value of `limit`, where
    /// it is larger; a convolution's is that of its matrix `[outputs, inputs·height·width]`. The
    /// head keeps its weights. A residual network is left as it is: it has a spectral normalisation
    /// of its own.
    #[must_use]
    pub fn limit_singular_values(self, limit: f64) -> Self {
        match self {
            Self::Conv(network) => Self::Conv(spectral::project(network, limit)),
            network @ Self::Residual(_) => network,
        }
    }
}

/// Multiplies parameters of two or more dimensions.
struct Shrink(f64);

impl ModuleMapper for Shrink {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D < 2 || !param.is_require_grad() {
            return param;
        }
        param.map(|weight| (weight.without_autodiff() * self.0).autodiff().require_grad())
    }
}

/// The energy U(x | c) = −f_θ(x, c) for fixed c; see [`EnergyNetwork::given`].
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
