//! Convolutional energies with fixed weights, on a CPU.

use std::sync::Arc;

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Tensor, TensorData};
use ebm_energy::{Energy, Frozen};
use ebm_score::{Addend, Layer, Network, Plan};
use ebm_tensor::{Condition, is_host, values};

use crate::conv::ConvEnergy;

/// The energy U(x) = −f_θ(x) for fixed θ, evaluated by an [`ebm_score::Plan`]: value and gradient
/// in one pass, several times faster than by autodiff.
///
/// Clones share the plan.
#[derive(Clone, Debug)]
pub struct FrozenConvEnergy {
    plan: Arc<Plan>,
    /// The sums that a fixed condition adds.
    addend: Option<Arc<Addend>>,
}

impl FrozenConvEnergy {
    /// Prepares the current weights; returns `None` if the network is not on a CPU in single
    /// precision.
    pub fn new(energy: &ConvEnergy) -> Option<Self> {
        let head = energy.head.weight.val().without_autodiff();
        if !is_host(&head.device()) || head.dtype() != DType::F32 {
            return None;
        }
        let first = energy.convolutions.first()?.weight.dims();
        let layers = energy.convolutions.iter().map(layer).collect::<Option<_>>()?;
        let bias = energy.head.bias.as_ref().map_or(0.0, |bias| values(bias.val()).iter().sum());
        let head = values(head.sum_dim(0)).iter().map(|weight| -weight).collect();
        let network = Network::new([first[1], energy.size, energy.size], layers, head)
            .with_slope(energy.slope as f32)
            .with_bend(energy.bend as f32)
            .with_head_bias(-bias);
        let plan = Plan::new(&network).ok()?;
        Some(Self { plan: Arc::new(plan), addend: None })
    }

    /// Fixes conditions, one for each sample of the batches to come. `energy` is the network that
    /// was prepared.
    pub(crate) fn given(self, energy: &ConvEnergy, condition: Option<&Condition>) -> Self {
        match energy.added(condition) {
            Some((layer, sums)) => self.hold(layer, &values(sums)),
            None => self,
        }
    }

    /// Adds `planes` to the sums of a layer.
    pub(crate) fn hold(self, layer: usize, planes: &[f32]) -> Self {
        // The sums come from the same layer, where other shapes have already caused a panic.
        let addend = self.plan.addend(layer, planes);
        Self { addend: Some(Arc::new(addend.expect("of the layer's size"))), ..self }
    }

    pub(crate) fn addend(&self) -> Option<&Addend> {
        self.addend.as_deref()
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the multiply-adds of the value and the gradient of one image: as the definition of
    /// the network counts them, and as they are computed.
    pub fn multiply_adds(&self) -> [usize; 2] {
        self.plan.multiply_adds()
    }
}

fn layer(convolution: &Conv2d) -> Option<Layer> {
    let PaddingConfig2d::Explicit(top, left, bottom, right) = convolution.padding else {
        return None;
    };
    let (channels, kernel) = (convolution.weight.dims()[0], convolution.kernel_size[0]);
    let layer = Layer::new(channels, kernel, values(convolution.weight.val()))
        .with_stride(convolution.stride[0])
        .with_padding([top, left, bottom, right]);
    let bias = convolution.bias.as_ref().map_or_else(Vec::new, |bias| values(bias.val()));
    Some(layer.with_bias(bias))
}

impl Energy<4> for ConvEnergy {
    fn energy(&self, x: Tensor<4>) -> Tensor<1> {
        self.negative_energy(x, None).neg()
    }

    /// Prepares a plan, on a CPU, where it is several times faster than autodiff.
    fn freeze(&self) -> Option<Frozen<'_, 4>> {
        FrozenConvEnergy::new(self).map(|frozen| Box::new(frozen) as _)
    }
}

impl Energy<4> for FrozenConvEnergy {
    /// # Panics
    /// If the images do not have the shape for which the network was built, or are not as many as
    /// the conditions.
    fn energy(&self, x: Tensor<4>) -> Tensor<1> {
        let (batch, device) = (x.dims()[0], x.device());
        let mut energy = vec![0.0; batch];
        self.plan.value(&values(x), self.addend(), &mut energy);
        Tensor::from_data(TensorData::new(energy, [batch]), &device)
    }

    /// # Panics
    /// If the images do not have the shape for which the network was built, or are not as many as
    /// the conditions.
    fn energy_and_gradient(&self, x: Tensor<4>) -> (Tensor<1>, Tensor<4>) {
        let (shape, device) = (x.dims(), x.device());
        let x = values(x);
        let (mut energy, mut gradient) = (vec![0.0; shape[0]], vec![0.0; x.len()]);
        self.plan.value_and_gradient(&x, self.addend(), &mut energy, &mut gradient);
        (
            Tensor::from_data(TensorData::new(energy, [shape[0]]), &device),
            Tensor::from_data(TensorData::new(gradient, shape), &device),
        )
    }
}

#[cfg(test)]
mod tests;
