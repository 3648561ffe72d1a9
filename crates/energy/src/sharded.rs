//! Evaluates parts of a batch in parallel, for small networks on a CPU.

use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::{Energy, Frozen};

/// An energy whose value and gradient are computed for `shard` samples at a time, on all cores.
///
/// Burn's CPU backend shares one operation at a time among the cores, and the operations of a small network
/// are too small to share. Samples are independent, so whole forward and backward passes can go side by
/// side. The result does not depend on the number of cores.
#[derive(Clone, Copy, Debug)]
pub struct Sharded<E> {
    /// The energy.
    pub inner: E,
    /// Samples in a part; `None` evaluates the batch as one.
    pub shard: Option<usize>,
}

impl<const D: usize, E: Energy<D> + Sync> Energy<D> for Sharded<E> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.inner.energy(x)
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let Some(shard) = self.shard.filter(|&shard| 0 < shard && shard < x.dims()[0]) else {
            return self.inner.energy_and_gradient(x);
        };
        let (energies, gradients): (Vec<_>, Vec<_>) = x
            .split(shard, 0)
            .into_par_iter()
            .map(|part| self.inner.energy_and_gradient(part))
            .collect::<Vec<_>>()
            .into_iter()
            .unzip();
        (Tensor::cat(energies, 0), Tensor::cat(gradients, 0))
    }

    /// What is prepared uses all cores by itself.
    fn freeze(&self) -> Option<Frozen<'_, D>> {
        self.inner.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConvEnergyConfig;
    use burn::module::Module;
    use burn::tensor::{Device, Tolerance};
    use ebm_noise::Key;

    /// Seven samples in parts of three: order, remainder and values.
    #[test]
    fn parts_equal_the_whole() {
        let device = Device::flex();
        let config = ConvEnergyConfig { init_std: 0.1, ..ConvEnergyConfig::mnist() };
        let network = config.init([1, 28], Key::new(5), &device).expect("valid").valid();
        let x = Key::new(2).uniform::<4>([7, 1, 28, 28], &device) * 2.0 - 1.0;
        let (value, gradient) = network.energy_and_gradient(x.clone());
        let sharded = Sharded { inner: network, shard: Some(3) };
        let (parts_value, parts_gradient) = sharded.energy_and_gradient(x);
        let tolerance = Tolerance::<f32>::rel_abs(1e-4, 1e-4);
        parts_value.into_data().assert_approx_eq(&value.into_data(), tolerance);
        parts_gradient.into_data().assert_approx_eq(&gradient.into_data(), tolerance);
    }
}
