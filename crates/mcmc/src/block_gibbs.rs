//! Block Gibbs sampling of a restricted Boltzmann machine: a whole layer at once, given the other
//! one (Smolensky 1986; Hinton, "Training products of experts by minimizing contrastive
//! divergence", Neural Computation 2002).

use burn::tensor::Tensor;
use ebm_energy::{Bipartite, Energy};
use ebm_noise::Key;
use ebm_noise::streams::chain::layers;

use crate::kernel::Kernel;
use crate::statistics::Statistics;

/// A kernel of block Gibbs sampling: h ~ p(h | v), then v ~ p(v | h), which leaves the distribution
/// of the visible units v invariant. States are zeros and ones, `[chains, visible]`.
///
/// The conditional distributions are those of `machine`. The energy that chains run on should be
/// the same machine; only its value is evaluated, for the statistics.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BlockGibbs<M> {
    /// The model, or a reference to it.
    pub machine: M,
}

impl<M: Bipartite> BlockGibbs<M> {
    /// Creates a kernel that samples `machine`.
    pub fn new(machine: M) -> Self {
        Self { machine }
    }
}

impl<M: Bipartite> Kernel<2> for BlockGibbs<M> {
    type State = Tensor<2>;

    fn step<E: Energy<2>>(
        &self,
        energy: &E,
        visible: Tensor<2>,
        key: Key,
    ) -> (Tensor<2>, Statistics) {
        let from = energy.energy(visible.clone());
        let hidden = draw(self.machine.hidden_given_visible(visible), key.fold(layers::HIDDEN));
        let visible = draw(self.machine.visible_given_hidden(hidden), key.fold(layers::VISIBLE));
        (visible, Statistics::new(from))
    }
}

/// Returns 1 with the given probability, else 0, for each unit.
fn draw(probability: Tensor<2>, key: Key) -> Tensor<2> {
    let uniform = key.uniform(probability.dims(), &probability.device());
    probability.greater(uniform).float()
}
