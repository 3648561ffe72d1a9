//! Kernels for binary states, `[chains, units]`, with two values: 0 and 1, or −1 and 1.

use burn::tensor::activation::{log_softmax, sigmoid};
use burn::tensor::{Int, Tensor};
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_noise::streams::chain::transition;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::point::{Point, select};
use crate::statistics::Statistics;

/// A kernel of Gibbs sampling: one unit after the other is drawn from its conditional distribution
/// given all others (Geman and Geman 1984). It works for every energy; a sweep evaluates it once
/// for each unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gibbs {
    /// The two values of a unit.
    pub values: [f64; 2],
}

impl Gibbs {
    /// Creates a kernel for units with these two values.
    pub fn new(values: [f64; 2]) -> Self {
        Self { values }
    }
}

impl Kernel<2> for Gibbs {
    type State = Tensor<2>;

    fn step<E: Energy<2>>(&self, energy: &E, x: Tensor<2>, key: Key) -> (Tensor<2>, Statistics) {
        let [_, units] = x.dims();
        let uniform = key.uniform(x.dims(), &x.device());
        let from = energy.energy(x.clone());
        let (mut x, mut here) = (x, from.clone());
        for unit in 0..units {
            let change = other(&x, self.values) - x.clone();
            let flipped = x.clone() + change * one_hot_column(&x, unit);
            let there = energy.energy(flipped.clone());
            let probability = sigmoid(here.clone() - there.clone());
            let u = uniform.clone().narrow(1, unit, 1).squeeze_dim::<1>(1);
            let flips = probability.greater(u);
            x = select(&flips, flipped, x);
            here = here.mask_where(flips, there);
        }
        (x, Statistics::new(from))
    }
}

/// A kernel of Gibbs sampling with gradients: the unit to flip is proposed by the change of the
/// energy that the gradient predicts, and a Metropolis rule corrects (Grathwohl, Swersky, Hashemi,
/// Duvenaud, Maddison, "Oops I took a gradient", ICML 2021). The energy must be differentiable
/// between the two values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GibbsWithGradients {
    /// The two values of a unit.
    pub values: [f64; 2],
}

impl GibbsWithGradients {
    /// Creates a kernel for units with these two values.
    pub fn new(values: [f64; 2]) -> Self {
        Self { values }
    }
}

impl Kernel<2> for GibbsWithGradients {
    type State = Point<2>;

    fn step<E: Energy<2>>(&self, energy: &E, state: Point<2>, key: Key) -> (Point<2>, Statistics) {
        let x = state.position.clone();
        let (change, log_q) = self.predictions(&state);
        // The argmax of log q + Gumbel noise is a draw from q.
        let uniform = key.fold(transition::PROPOSAL).uniform::<2>(x.dims(), &x.device());
        let gumbel = uniform.log().neg().log().neg();
        let chosen = (log_q.clone() + gumbel).argmax(1);
        let mask = one_hot(&x, chosen);
        let proposal = Point::new(energy, x + change * mask.clone());
        let (_, log_q_back) = self.predictions(&proposal);
        let log_ratio = state.energy.clone() - proposal.energy.clone()
            + ((log_q_back - log_q) * mask).sum_dim(1).squeeze_dim::<1>(1);
        let from = state.energy.clone();
        let (state, decision) = state.accept(proposal, log_ratio, key.fold(transition::ACCEPTANCE));
        (state, Statistics::new(from).with_acceptance(decision.probability))
    }
}

impl GibbsWithGradients {
    /// Returns the change of each unit that a flip makes, and the logarithm of the probability to
    /// propose it, softmax of half the predicted decrease of the energy.
    fn predictions(&self, point: &Point<2>) -> (Tensor<2>, Tensor<2>) {
        let change = other(&point.position, self.values) - point.position.clone();
        let decrease = (change.clone() * point.gradient.clone()).neg();
        (change, log_softmax(decrease * 0.5, 1))
    }
}

/// Returns the value that each unit does not have.
fn other(x: &Tensor<2>, values: [f64; 2]) -> Tensor<2> {
    x.clone().neg() + (values[0] + values[1])
}

/// Returns 1 in one column of each row, `chosen`, `[chains, 1]`, and 0 elsewhere.
fn one_hot(x: &Tensor<2>, chosen: Tensor<2, Int>) -> Tensor<2> {
    let [chains, units] = x.dims();
    let columns = Tensor::<1, Int>::arange(0..units as i64, &x.device());
    let columns = columns.unsqueeze_dim::<2>(0).expand([chains, units]);
    columns.equal(chosen.expand([chains, units])).float()
}

fn one_hot_column(x: &Tensor<2>, column: usize) -> Tensor<2> {
    let [_, units] = x.dims();
    let mut values = vec![0.0_f32; units];
    values[column] = 1.0;
    Tensor::<1>::from_data(values.as_slice(), &x.device()).unsqueeze_dim(0)
}
