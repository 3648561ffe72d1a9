//! States kept in a box, as programs that sample images do.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;
use serde::{Deserialize, Serialize};

use crate::{Kernel, Statistics};

/// A kernel after which every coordinate is brought back to [−`limit`, `limit`]. The law that it leaves is not
/// the target's where the box cuts it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clamped<K> {
    /// Moves the states.
    pub kernel: K,
    /// Half the side of the box; `None` for no box.
    pub limit: Option<f64>,
}

impl<const D: usize, K: Kernel<D, State = Tensor<D>>> Kernel<D> for Clamped<K> {
    type State = Tensor<D>;

    fn start<E: Energy<D>>(&self, energy: &E, position: Tensor<D>, key: Key) -> Tensor<D> {
        self.kernel.start(energy, position, key)
    }

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        state: Tensor<D>,
        key: Key,
    ) -> (Tensor<D>, Statistics) {
        let (state, statistics) = self.kernel.step(energy, state, key);
        match self.limit {
            Some(limit) => (state.clamp(-limit, limit), statistics),
            None => (state, statistics),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use ebm_energy::Gaussian;

    use super::*;
    use crate::{Langevin, run};

    /// A target far to the right: chains end at the wall, and beyond it without one.
    #[test]
    fn states_stay_in_the_box() {
        let target = Gaussian { mean: 5.0, std: 1.0 };
        let last = |limit| {
            let kernel = Clamped { kernel: Langevin { step_size: 1.0, noise: false }, limit };
            let start = Tensor::<2>::zeros([1, 1], &Device::flex());
            let chains = run(&kernel, &target, start, 4, Key::new(0), |_, _| {}).expect("finite");
            chains.state.into_scalar::<f32>()
        };
        assert_eq!(last(Some(1.0)), 1.0);
        assert!(last(None) > 4.0);
    }
}
