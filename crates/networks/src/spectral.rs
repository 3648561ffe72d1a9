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
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use burn::tensor::{Device, Tolerance};
    use ebm_noise::initialise;

    fn convolution(channels: [usize; 2], device: &Device) -> Conv2d {
        initialise(Conv2dConfig::new(channels, [3, 3]).init(device), Key::new(1), 3.0)
    }

    /// To convergence, from another start than the estimate's.
    fn largest_singular_value(weight: Tensor<4>) -> f32 {
        let weight = matrix(weight.without_autodiff());
        let u = Key::new(9).normal([1, weight.dims()[0]], &weight.device());
        let u = (0..1000).fold(u, |u, _| step(weight.clone(), u));
        norm(u.matmul(weight)).into_scalar()
    }

    #[test]
    fn the_largest_singular_value_is_one() {
        for channels in [[5, 7], [3, 64], [64, 64], [128, 64]] {
            let plain = convolution(channels, &Device::flex());
            let normal = normalise(plain.clone(), Key::new(2));
            let (before, after) = (
                largest_singular_value(plain.weight.val()),
                largest_singular_value(normal.weight.val()),
            );
            assert!(before > 10.0, "{channels:?}: {before}");
            // Never below: the estimate is from below.
            assert!((0.99999..1.002).contains(&after), "{channels:?}: {after}");
            // Only the length has changed.
            let tolerance = Tolerance::<f32>::rel_abs(2e-3, 1e-6);
            let scaled = normal.weight.val() * before;
            scaled.into_data().assert_approx_eq(&plain.weight.val().into_data(), tolerance);
        }
    }

    /// The vector follows a weight that changes, a step at a time, and nothing else does.
    #[test]
    fn the_estimate_follows_the_weight() {
        let device = Device::flex().autodiff();
        let mut layer = normalise(convolution([5, 7], &device), Key::new(2));
        let other = Key::new(5).normal::<4>([7, 5, 3, 3], &device.clone().without_autodiff());
        layer = layer.map(&mut Replace(other.clone()));
        let mut largest = vec![largest_singular_value(layer.weight.val())];
        for _ in 0..3 {
            for _ in 0..30 {
                layer = advance(layer);
            }
            largest.push(largest_singular_value(layer.weight.val()));
        }
        assert!(largest[0] > 1.1, "{largest:?}");
        assert!(largest.is_sorted_by(|a, b| a >= b), "{largest:?}");
        assert!((largest[3] - 1.0).abs() < 1e-2, "{largest:?}");
        let base = layer.weight.base();
        base.clone().without_autodiff().into_data().assert_eq(&other.into_data(), true);
        let u = &layer.weight.reparameterization::<SpectralNorm>().expect("attached").u;
        assert!(base.is_require_grad() && u.val().is_autodiff() && !u.val().is_require_grad());
    }

    /// Where weights are read is no matter: only [`advance`] moves the vector.
    #[test]
    fn reading_changes_nothing_and_a_record_keeps_all() {
        let device = Device::flex().autodiff();
        let layer = advance(normalise(convolution([5, 7], &device), Key::new(2)));
        let value = layer.weight.val().into_data();
        layer.weight.val().into_data().assert_eq(&value, true);
        let other = normalise(convolution([5, 7], &device), Key::new(3));
        let loaded = other.load_record(layer.clone().into_record());
        loaded.weight.val().into_data().assert_eq(&value, true);
        advance(loaded)
            .weight
            .val()
            .into_data()
            .assert_eq(&advance(layer.clone()).weight.val().into_data(), true);
        let folded = layer.valid().materialize();
        assert!(folded.weight.reparameterization::<SpectralNorm>().is_none());
        folded.weight.val().into_data().assert_eq(&value, true);
    }

    struct Replace(Tensor<4>);

    impl ModuleMapper for Replace {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if D != 4 {
                return param;
            }
            let value = self.0.clone().reshape(param.base().dims());
            param.map(|_| value.autodiff().require_grad())
        }
    }
}
