//! Spectral normalisation (Miyato, Kataoka, Koyama, Yoshida, "Spectral normalization for generative
//! adversarial networks", ICLR 2018), attached to a network's weights by Burn's reparameterisation.

use burn::module::{Module, ModuleMapper, Param, ParamId, Reparameterization, Reparameterizer};
use burn::tensor::Tensor;
use ebm_noise::Key;
use ebm_tensor::scalar;

/// Power-iteration steps of a new vector: the singular values of random matrices lie close
/// together.
const FIRST_STEPS: usize = 100;

/// Power-iteration steps of a projection, each of which begins afresh.
const PROJECTION_STEPS: usize = 10;

/// The layer whose weights are not projected.
const HEAD: &str = "head";

/// The first identifier of the vectors, above those that initialisation assigns, which count from
/// 0.
const FIRST_ID: u64 = 1 << 32;

/// Added to squared norms, so that a weight of zeros is not divided by zero.
const TINY: f32 = 1e-24;

/// W/σ(W), where W is the weight as a matrix with a row for each entry of its first dimension, and
/// σ(W) its largest singular value, estimated from below by ‖W v‖, v = Wᵀu/‖Wᵀu‖.
#[derive(Module, Debug)]
pub(crate) struct SpectralNorm {
    /// An estimate of the first left singular vector, `[1, rows]`: kept in records, not learned.
    u: Param<Tensor<2>>,
}

impl Reparameterization for SpectralNorm {
    const NAME: &'static str = "spectral_norm";

    /// The derivative is that of the estimate, with u constant.
    fn apply<const D: usize>(&self, base: Tensor<D>) -> Tensor<D> {
        let weight = matrix(base.clone());
        let v = unit(self.u.val().matmul(weight.clone()));
        let sigma = norm(v.matmul(weight.transpose()));
        base / sigma.reshape([1; D])
    }
}

/// Makes each weight of two or more dimensions read as divided by its largest singular value. `key`
/// draws the initial estimates.
pub(crate) fn normalise<M: Module>(module: M, key: Key) -> M {
    module.apply_reparameterization(Normaliser { key, weights: 0 })
}

/// Makes one step of the power iteration for each weight that is normalised.
pub(crate) fn advance<M: Module>(module: M) -> M {
    module.map(&mut PowerIteration { weight: None, at_vector: false })
}

/// Scales each weight of two or more dimensions down to a largest singular value of `limit`, except
/// those of a module that is called `head`.
pub(crate) fn project<M: Module>(module: M, limit: f64) -> M {
    module.map(&mut Projection { limit, in_head: false })
}

struct Projection {
    limit: f64,
    in_head: bool,
}

impl ModuleMapper for Projection {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.in_head |= name == HEAD;
    }

    fn exit_module(&mut self, name: &str, _container_type: &str) {
        self.in_head &= name != HEAD;
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D < 2 || self.in_head || !param.is_require_grad() {
            return param;
        }
        let weight = matrix(param.val().without_autodiff());
        let start = Key::new(0).normal([1, weight.dims()[0]], &weight.device());
        let u = (0..PROJECTION_STEPS).fold(start, |u, _| step(weight.clone(), u));
        let sigma = scalar(norm(u.matmul(weight)).flatten::<1>(0, 1));
        if sigma <= self.limit {
            return param;
        }
        let factor = self.limit / sigma;
        param.map(|weight| (weight.without_autodiff() * factor).autodiff().require_grad())
    }
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

/// A mapper that moves the vectors. A weight is visited before its vector.
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

/// Returns the next estimate, W Wᵀ u normalised to length one; vectors are rows.
fn step(weight: Tensor<2>, u: Tensor<2>) -> Tensor<2> {
    unit(unit(u.matmul(weight.clone())).matmul(weight.transpose()))
}

fn unit(row: Tensor<2>) -> Tensor<2> {
    row.clone() / norm(row)
}

/// Returns the norm of a row, `[1, 1]`.
fn norm(row: Tensor<2>) -> Tensor<2> {
    (row.powi_scalar(2).sum_dim(1) + TINY).sqrt()
}

#[cfg(test)]
mod tests;
