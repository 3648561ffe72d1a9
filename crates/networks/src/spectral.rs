//! Spectral normalisation (Miyato, Kataoka, Koyama, Yoshida, "Spectral normalization for generative adversarial
//! networks", ICLR 2018), attached to a network's weights by Burn's reparameterisation.

use burn::module::{Module, ModuleMapper, Param, ParamId, Reparameterization, Reparameterizer};
use burn::tensor::Tensor;
use ebm_noise::Key;

/// Steps that a new vector makes: singular values of random matrices lie close to each other.
const FIRST_STEPS: usize = 100;

/// Above the identifiers that initialisation gives, which count from 0.
const FIRST_ID: u64 = 1 << 32;

/// Added to squared norms, so that a weight of zeros has a norm to be divided by.
const TINY: f32 = 1e-24;

/// W/σ(W), where W is the weight as a matrix with a row for each entry of its first dimension, and σ(W) its
/// largest singular value, estimated from below by ‖W v‖, v = Wᵀu/‖Wᵀu‖.
#[derive(Module, Debug)]
pub(crate) struct SpectralNorm {
    /// Nearly the first left singular vector, `[1, rows]`: kept in records, not learned.
    u: Param<Tensor<2>>,
}

impl Reparameterization for SpectralNorm {
    const NAME: &'static str = "spectral_norm";

    /// The derivative is that of the estimate, u being constant.
    fn apply<const D: usize>(&self, base: Tensor<D>) -> Tensor<D> {
        let weight = matrix(base.clone());
        let v = unit(self.u.val().matmul(weight.clone()));
        let sigma = norm(v.matmul(weight.transpose()));
        base / sigma.reshape([1; D])
    }
}

/// Divides each weight of two or more dimensions by its largest singular value from now on; `key` draws where
/// the estimates start.
pub(crate) fn normalise<M: Module>(module: M, key: Key) -> M {
    module.apply_reparameterization(Normaliser { key, weights: 0 })
}

/// One step of the power iteration for each weight that [`normalise`] found.
pub(crate) fn advance<M: Module>(module: M) -> M {
    module.map(&mut PowerIteration { weight: None, at_vector: false })
}

struct Normaliser {
    key: Key,
    weights: u64,
}

impl Reparameterizer for Normaliser {
    type Reparam = SpectralNorm;

    fn reparameterize<const D: usize>(
        &mut self,
        _path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<SpectralNorm>) {
        if D < 2 {
            return (param, None);
        }
        let index = self.weights;
        self.weights += 1;
        let training = param.base().is_autodiff();
        let weight = matrix(param.base().without_autodiff());
        let start = self.key.fold(index).normal([1, weight.dims()[0]], &weight.device());
        let u = (0..FIRST_STEPS).fold(start, |u, _| step(weight.clone(), u));
        let u = if training { u.autodiff() } else { u };
        (param, Some(SpectralNorm { u: Param::initialized(ParamId::from(FIRST_ID + index), u) }))
    }
}

/// A weight is visited before the vector that belongs to it.
struct PowerIteration {
    weight: Option<Tensor<2>>,
    at_vector: bool,
}

impl ModuleMapper for PowerIteration {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.at_vector |= name == SpectralNorm::NAME;
    }

    fn exit_module(&mut self, name: &str, _container_type: &str) {
        self.at_vector &= name != SpectralNorm::NAME;
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.at_vector && D >= 2 {
            self.weight = Some(matrix(param.base().without_autodiff()));
        }
        match self.weight.take_if(|_| self.at_vector) {
            Some(weight) => param.map(|u| {
                let (shape, training) = (u.dims(), u.is_autodiff());
                let next = step(weight, matrix(u.without_autodiff())).reshape(shape);
                if training { next.autodiff() } else { next }
            }),
            None => param,
        }
    }
}

fn matrix<const D: usize>(weight: Tensor<D>) -> Tensor<2> {
    weight.flatten::<2>(1, D - 1)
}

/// u ← W Wᵀ u, of length one; as rows.
fn step(weight: Tensor<2>, u: Tensor<2>) -> Tensor<2> {
    unit(unit(u.matmul(weight.clone())).matmul(weight.transpose()))
}

fn unit(row: Tensor<2>) -> Tensor<2> {
    row.clone() / norm(row)
}

/// `[1, 1]`
fn norm(row: Tensor<2>) -> Tensor<2> {
    (row.powi_scalar(2).sum_dim(1) + TINY).sqrt()
}

#[cfg(test)]
mod tests;
