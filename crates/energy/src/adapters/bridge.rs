//! Energies between two others.

use burn::tensor::Tensor;

use crate::{Energy, Frozen};

/// The energy (1 − β)·U₀ + β·U₁ on the geometric path between two distributions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bridge<A, B> {
    /// The energy U₀, reached at β = 0.
    pub from: A,
    /// The energy U₁, reached at β = 1.
    pub to: B,
    /// The position β on the path.
    pub beta: f64,
}

impl<A, B> Bridge<A, B> {
    /// Mixes `from` and `to` with weights 1 − `beta` and `beta`.
    pub const fn new(from: A, to: B, beta: f64) -> Self {
        Self { from, to, beta }
    }
}

impl<const D: usize, A: Energy<D>, B: Energy<D>> Energy<D> for Bridge<A, B> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.from.energy(x.clone()) * (1.0 - self.beta) + self.to.energy(x) * self.beta
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let (from, from_gradient) = self.from.energy_and_gradient(x.clone());
        let (to, to_gradient) = self.to.energy_and_gradient(x);
        (
            from * (1.0 - self.beta) + to * self.beta,
            from_gradient * (1.0 - self.beta) + to_gradient * self.beta,
        )
    }

    /// Prepares both ends, as far as they can be prepared.
    fn freeze(&self) -> Option<Frozen<'_, D>> {
        let (from, to) = (self.from.freeze(), self.to.freeze());
        if from.is_none() && to.is_none() {
            return None;
        }
        let from = from.unwrap_or_else(|| Box::new(&self.from));
        let to = to.unwrap_or_else(|| Box::new(&self.to));
        Some(Box::new(Bridge { from, to, beta: self.beta }))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use ebm_noise::Key;

    use super::*;
    use crate::{Gaussian, prepare};

    const FROM: Gaussian = Gaussian { mean: 0.0, std: 1.0 };
    const TO: Gaussian = Gaussian { mean: 1.0, std: 2.0 };

    /// An energy that may be evaluated in its prepared form only.
    struct Prepared(Gaussian);

    impl Energy<2> for Prepared {
        fn energy(&self, _: Tensor<2>) -> Tensor<1> {
            panic!("not the prepared form")
        }

        fn freeze(&self) -> Option<Frozen<'_, 2>> {
            Some(Box::new(self.0))
        }
    }

    #[test]
    fn a_bridge_prepares_what_can_be_prepared() {
        let x = || Key::new(1).normal::<2>([50, 2], &Device::flex());
        let bridge = Bridge::new(FROM, TO, 0.3);
        assert!(Energy::<2>::freeze(&bridge).is_none(), "nothing to prepare");
        let half = Bridge::new(FROM, Prepared(TO), 0.3);
        let [(value, gradient), (expected, slope)] =
            [prepare(&half).energy_and_gradient(x()), bridge.energy_and_gradient(x())];
        value.into_data().assert_eq(&expected.into_data(), true);
        gradient.into_data().assert_eq(&slope.into_data(), true);
    }
}
