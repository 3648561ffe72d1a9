//! Kernels whose states are projected onto a set after every transition: a box, or known
//! coordinates; or reflected into a box.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;

use crate::kernel::Kernel;
use crate::statistics::Statistics;

/// The known coordinates of a batch of states.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Held<const D: usize> {
    /// The known values, 0 elsewhere, with the shape of the states.
    pub values: Tensor<D>,
    /// The mask, 1 where a coordinate is known and 0 elsewhere, with a shape that broadcasts to the
    /// states'.
    pub mask: Tensor<D>,
}

impl<const D: usize> Held<D> {
    /// Creates a set of known coordinates.
    ///
    /// # Shapes
    /// - `values`: `[chains, …]`, 0 where `mask` is 0
    /// - `mask`: any shape that broadcasts to that of `values`
    pub fn new(values: Tensor<D>, mask: Tensor<D>) -> Self {
        Self { values, mask }
    }

    /// Returns `state` with its known coordinates set to their values.
    pub fn paste(&self, state: Tensor<D>) -> Tensor<D> {
        state * (self.mask.clone().neg() + 1.0) + self.values.clone()
    }
}

/// A set onto which states are projected.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "a kernel has one or two of them")]
pub enum Constraint<const D: usize> {
    /// The set of states in which known coordinates keep their values.
    Held(Held<D>),
    /// The set of states with every coordinate in [−limit, limit].
    Box {
        /// The half side of the box.
        limit: f64,
    },
    /// The same set, into which states are reflected at its walls instead of projected onto them.
    Reflection {
        /// The half side of the box.
        limit: f64,
    },
}

impl<const D: usize> Constraint<D> {
    /// Returns the state of the set that is closest to `state`, or for a reflection its mirror
    /// image at the walls; what is farther out than the opposite wall's image ends at a wall.
    pub fn project(&self, state: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Held(held) => held.paste(state),
            Self::Box { limit } => state.clamp(-limit, *limit),
            Self::Reflection { limit } => {
                // Exact within the walls: 0 is added there.
                let beyond = [state.clone() - *limit, state.clone().neg() - *limit];
                let [above, below] = beyond.map(|beyond| beyond.clamp_min(0.0) * 2.0);
                (state - above + below).clamp(-limit, *limit)
            }
        }
    }
}

/// A kernel whose states are projected onto constraints, in their order, after every transition.
///
/// The start is not projected: if it should satisfy a constraint from the beginning, apply
/// [`Constraint::project`] or [`Held::paste`] to it.
///
/// With held coordinates, a kernel that moves each coordinate by itself, such as
/// [`Langevin`](crate::Langevin), samples the conditional distribution of the others; a Metropolis
/// kernel, which accepts or rejects the move of all coordinates, does not. A box gathers on its
/// walls what a chain would carry across them. With reflections, chains of
/// [`Langevin`](crate::Langevin) sample the target restricted to the box, up to the bias of the
/// step size: reflected moves are as probable one way as the other (reflected diffusions: Bubeck,
/// Eldan, Lehec, "Sampling from a log-concave distribution with projected Langevin Monte Carlo",
/// 2018).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Constrained<K, const D: usize> {
    /// The kernel that moves the states.
    pub kernel: K,
    /// The constraints, in the order in which they are applied.
    pub constraints: Vec<Constraint<D>>,
}

impl<K, const D: usize> Constrained<K, D> {
    /// Creates a kernel that moves states with `kernel` and then projects them onto each of
    /// `constraints`.
    pub fn new(kernel: K, constraints: impl IntoIterator<Item = Constraint<D>>) -> Self {
        Self { kernel, constraints: constraints.into_iter().collect() }
    }
}

impl<const D: usize, K: Kernel<D, State = Tensor<D>>> Kernel<D> for Constrained<K, D> {
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
        let state =
            self.constraints.iter().fold(state, |state, constraint| constraint.project(state));
        (state, statistics)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use ebm_energy::{FnEnergy, Gaussian};
    use ebm_tensor::values;

    use super::*;
    use crate::{Langevin, run};

    /// A flat energy in a box: draws are uniform, also next to the walls, and none is on a wall.
    #[test]
    fn reflected_chains_of_a_flat_energy_are_uniform() {
        let flat = FnEnergy::new(|x: Tensor<2>| x.sum_dim(1).squeeze_dim::<1>(1) * 0.0);
        let kernel = Constrained::new(Langevin::new(0.3), [Constraint::Reflection { limit: 1.0 }]);
        let start = Tensor::zeros([4000, 1], &Device::flex());
        let chains = run(&kernel, &flat, start, 60, Key::new(3), |_, _| {}).expect("finite");
        let mut counts = [0_i32; 8];
        for x in values(chains.state) {
            assert!(x.abs() < 1.0, "{x}");
            counts[((x + 1.0) * 4.0) as usize] += 1;
        }
        // 500 expected; 4.5 standard errors of 21.
        assert!(counts.iter().all(|count| (count - 500).abs() < 94), "{counts:?}");
    }

    #[test]
    fn states_within_the_walls_keep_their_bits() {
        let x = Tensor::<1>::from_data([0.3, -0.999_999_9, 1.25, -1.5, 7.0], &Device::flex());
        let reflected = Constraint::Reflection { limit: 1.0 }.project(x);
        assert_eq!(values(reflected), [0.3, -0.999_999_9, 0.75, -0.5, -1.0]);
    }

    /// A target far to the right: chains end at the wall, and beyond it without one.
    #[test]
    fn states_stay_in_the_box() {
        let target = Gaussian { mean: 5.0, std: 1.0 };
        let last = |limit: Option<f64>| {
            let constraints = limit.map(|limit| Constraint::Box { limit });
            let kernel = Constrained::new(Langevin::new(1.0).with_noise(false), constraints);
            let start = Tensor::<2>::zeros([1, 1], &Device::flex());
            let chains = run(&kernel, &target, start, 4, Key::new(0), |_, _| {}).expect("finite");
            chains.state.into_scalar::<f32>()
        };
        assert_eq!(last(Some(1.0)), 1.0);
        assert!(last(None) > 4.0);
    }

    /// Constraints are applied in their order: a coordinate that is held outside of the box stays
    /// there only if it is held last.
    #[test]
    fn the_last_constraint_wins() {
        let row = |values| Tensor::<2>::from_data([values], &Device::flex());
        let held = Constraint::Held(Held::new(row([2.0, 0.0]), row([1.0, 0.0])));
        let limit = Constraint::Box { limit: 1.0 };
        let unit = Gaussian { mean: 0.0, std: 1.0 };
        let step = |constraints: [&Constraint<2>; 2]| {
            let langevin = Langevin::new(1.0).with_noise(false);
            let kernel = Constrained::new(langevin, constraints.map(Clone::clone));
            let (state, _) = kernel.step(&unit, row([0.5, 9.0]), Key::new(0));
            state.into_data().iter::<f32>().collect::<Vec<_>>()
        };
        assert_eq!(step([&held, &limit]), [1.0, 1.0]);
        assert_eq!(step([&limit, &held]), [2.0, 1.0]);
    }

    /// (x, y) is Gaussian with correlation ρ; y given x = 2 is N(2ρ, 1 − ρ²). A chain with step
    /// size δ inflates its variance by the factor 1/(1 − δ²/(4(1 − ρ²))).
    #[test]
    fn free_coordinates_follow_their_conditional_distribution() {
        let (rho, step_size) = (0.8, 0.2);
        let free = 1.0 - rho * rho;
        let target = FnEnergy::new(move |x: Tensor<2>| {
            let [a, b] = [0, 1].map(|i| x.clone().narrow(1, i, 1));
            let squares = x.powi_scalar(2).sum_dim(1);
            ((squares - a * b * (2.0 * rho)) / (2.0 * free)).squeeze_dim::<1>(1)
        });
        let device = Device::flex();
        let row = |values| Tensor::<2>::from_data([values], &device);
        let held = Held::new(row([2.0, 0.0]).expand([4_000, 2]), row([1.0, 0.0]));
        let start = held.paste(Tensor::zeros([4_000, 2], &device));
        let kernel = Constrained::new(Langevin::new(step_size), [Constraint::Held(held)]);
        let chains = run(&kernel, &target, start, 150, Key::new(1), |step, state| {
            let known: Vec<f32> = state.clone().narrow(1, 0, 1).into_data().iter().collect();
            assert!(known.iter().all(|&x| x == 2.0), "step {step}");
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
