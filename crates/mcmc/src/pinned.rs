//! States of which some coordinates are known: samples of the others given these.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;

use crate::{Kernel, Statistics};

/// Coordinates that are known.
#[derive(Clone, Debug)]
pub struct Pins<const D: usize> {
    /// What they are, 0 elsewhere, of the states' shape.
    pub values: Tensor<D>,
    /// 1 where a coordinate is known, else 0, of a shape that broadcasts to that of the states.
    pub mask: Tensor<D>,
}

impl<const D: usize> Pins<D> {
    /// `state` with what is known in its place.
    pub fn paste(&self, state: Tensor<D>) -> Tensor<D> {
        state * (self.mask.clone().neg() + 1.0) + self.values.clone()
    }
}

/// A kernel after which known coordinates are brought back. Where it moves each coordinate by itself, as
/// [`Langevin`](crate::Langevin) does, it samples the law of the others given these; a Metropolis kernel, which
/// accepts the move of all, does not.
#[derive(Clone, Debug)]
pub struct Pinned<K, const D: usize> {
    /// Moves the states.
    pub kernel: K,
    /// What is known; `None` for nothing.
    pub pins: Option<Pins<D>>,
}

impl<const D: usize, K: Kernel<D, State = Tensor<D>>> Kernel<D> for Pinned<K, D> {
    type State = Tensor<D>;

    fn start<E: Energy<D>>(&self, energy: &E, position: Tensor<D>, key: Key) -> Tensor<D> {
        let position = self.kernel.start(energy, position, key);
        self.pins.as_ref().map_or(position.clone(), |pins| pins.paste(position))
    }

    fn step<E: Energy<D>>(
        &self,
        energy: &E,
        state: Tensor<D>,
        key: Key,
    ) -> (Tensor<D>, Statistics) {
        let (state, statistics) = self.kernel.step(energy, state, key);
        match &self.pins {
            Some(pins) => (pins.paste(state), statistics),
            None => (state, statistics),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use ebm_energy::FnEnergy;

    use super::*;
    use crate::{Langevin, run};

    /// (x, y) is Gaussian with correlation ρ; y given x = 2 is N(2ρ, 1 − ρ²). Chains of a step δ leave its variance
    /// larger by the factor 1/(1 − δ²/(4(1 − ρ²))).
    #[test]
    fn the_rest_follows_its_conditional_law() {
        let (rho, step_size) = (0.8, 0.2);
        let free = 1.0 - rho * rho;
        let target = FnEnergy::new(move |x: Tensor<2>| {
            let [a, b] = [0, 1].map(|i| x.clone().narrow(1, i, 1));
            let squares = x.powi_scalar(2).sum_dim(1);
            ((squares - a * b * (2.0 * rho)) / (2.0 * free)).squeeze_dim::<1>(1)
        });
        let device = Device::flex();
        let row = |values| Tensor::<2>::from_data([values], &device);
        let pins = Pins { values: row([2.0, 0.0]).expand([4_000, 2]), mask: row([1.0, 0.0]) };
        let kernel = Pinned { kernel: Langevin { step_size, noise: true }, pins: Some(pins) };
        let start = Tensor::zeros([4_000, 2], &device);
        let chains = run(&kernel, &target, start, 150, Key::new(1), |step, state| {
            let known: Vec<f32> = state.clone().narrow(1, 0, 1).into_data().iter().collect();
            assert!(step == 0 || known.iter().all(|&x| x == 2.0), "step {step}");
        });
        let y: Vec<f64> =
            chains.expect("finite").state.narrow(1, 1, 1).into_data().iter::<f64>().collect();
        let n = y.len() as f64;
        let mean = y.iter().sum::<f64>() / n;
        let variance = y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
        let expected = free / (1.0 - step_size * step_size / (4.0 * free));
        // Four standard errors.
        assert!((mean - 2.0 * rho).abs() < 4.0 * (expected / n).sqrt(), "{mean}");
        assert!((variance - expected).abs() < 4.0 * expected * (2.0 / n).sqrt(), "{variance}");
    }
}
