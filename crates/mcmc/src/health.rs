//! How stiff an energy is for a chain's step, measured along the chain.

use std::cell::RefCell;

use burn::tensor::Tensor;
use ebm_energy::{Energy, prepare};
use ebm_noise::vectorised;
use ebm_tensor::{is_host, values, values_f64};

use crate::Langevin;

/// The number of partial sums, so that the compiler uses vectors.
const LANES: usize = 16;

/// An energy that watches the chains of [`Langevin`] that sample it: pass it to
/// [`run`](crate::run), then ask for their [`health`](Self::health).
///
/// It evaluates nothing: the values and gradients at both ends of each transition are those that
/// the chains compute anyway. Neither does it change a bit of the chains. The last transition, at
/// whose end nothing is evaluated, is not seen.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_energy::Gaussian;
/// use ebm_mcmc::{Key, Langevin, Watched, run};
///
/// // Curvature 1/σ² = 4, step δ²/2 = 0.02.
/// let (target, kernel) = (Gaussian { mean: 0.0, std: 0.5 }, Langevin::new(0.2));
/// let watched = Watched::new(&target, kernel);
/// let start = Tensor::<2>::zeros([8, 3], &Device::flex());
/// run(&kernel, &watched, start, 20, Key::new(0), |_, _| {})?;
/// let health = watched.health().expect("more than one step");
/// assert!((health.stiffness - 0.08).abs() < 1e-3);
/// assert!(health.acceptance > Some(0.95));
/// # Ok::<(), ebm_mcmc::ChainError>(())
/// ```
pub struct Watched<'a, const D: usize> {
    energy: Box<dyn Energy<D> + 'a>,
    kernel: Langevin,
    last: RefCell<Option<Evaluation<D>>>,
    moves: RefCell<Moves>,
}

/// Measures of chains of [`Langevin`], means over chains and transitions.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// The secant curvature times the step, ‖∇U(x′) − ∇U(x)‖/‖x′ − x‖ · δ²/2. An explicit step
    /// overshoots along directions in which it is above 1, and is unstable above 2; most of a
    /// chain's moves are along directions that are less stiff than the stiffest.
    pub stiffness: f64,
    /// The length of the drift, ‖∇U(x)‖·δ²/2.
    pub drift: f64,
    /// The probability with which the rule of Metropolis and Hastings would accept the transition,
    /// for chains with noise: 1 for a step that is small enough.
    pub acceptance: Option<f64>,
}

/// The states at which chains evaluated the energy, with values and gradients.
struct Evaluation<const D: usize> {
    state: Tensor<D>,
    energy: Tensor<1>,
    gradient: Tensor<D>,
    /// Copies of states and gradients in the host's memory, where they are there anyway.
    on_host: Option<[Vec<f32>; 2]>,
}

impl<const D: usize> Evaluation<D> {
    fn new(state: Tensor<D>, energy: Tensor<1>, gradient: Tensor<D>) -> Self {
        let on_host = is_host(&state.device());
        let on_host = on_host.then(|| [state.clone(), gradient.clone()].map(values));
        Self { state, energy, gradient, on_host }
    }
}

/// The sums of each chain and transition, in the order of [`SUMS`].
#[derive(Default)]
struct Moves {
    host: Vec<[f64; SUMS]>,
    /// On other devices, `[SUMS, chains]` for each transition, read at the end.
    device: Vec<Tensor<2>>,
}

/// ‖Δx‖², ‖Δg‖², ‖g‖², the squares of what the transition and its reverse add to their drift, and
/// ΔU.
const SUMS: usize = 6;

impl<'a, const D: usize> Watched<'a, D> {
    /// Watches `energy`, [prepared](prepare) once, for chains of `kernel`.
    pub fn new(energy: &'a (impl Energy<D> + ?Sized), kernel: Langevin) -> Self {
        let energy = prepare(energy);
        Self { energy, kernel, last: RefCell::default(), moves: RefCell::default() }
    }

    /// Returns the measures of all transitions seen so far, `None` if there were none.
    ///
    /// Coordinates that a transition left where they were, such as those that a constraint holds,
    /// do not count.
    pub fn health(&self) -> Option<Health> {
        let moves = self.moves.borrow();
        let mut all = moves.host.clone();
        for sums in &moves.device {
            let chains = sums.dims()[1];
            let sums = values_f64(sums.clone());
            all.extend((0..chains).map(|i| std::array::from_fn(|sum| sums[sum * chains + i])));
        }
        if all.is_empty() {
            return None;
        }
        let mean =
            |of: &dyn Fn(&[f64; SUMS]) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        let step = self.step();
        let acceptance = |sums: &[f64; SUMS]| {
            let [.., forward, backward, rise] = *sums;
            // The density of a transition is that of its noise, of variance δ² = 2·step.
            (-rise - (backward - forward) / (4.0 * step)).exp().min(1.0)
        };
        Some(Health {
            stiffness: mean(&|[moved, change, ..]| match *moved {
                0.0 => 0.0,
                moved => (change / moved).sqrt() * step,
            }),
            drift: mean(&|[_, _, gradient, ..]| gradient.sqrt() * step),
            acceptance: self.kernel.noise.then(|| mean(&acceptance)),
        })
    }

    fn step(&self) -> f64 {
        0.5 * self.kernel.step_size * self.kernel.step_size
    }

    fn see(&self, next: Evaluation<D>) {
        let mut seen = self.last.borrow_mut();
        if let Some(last) = seen.take().filter(|last| last.state.dims() == next.state.dims()) {
            let mut moves = self.moves.borrow_mut();
            match host_sums(&last, &next, self.step() as f32) {
                Some(sums) => moves.host.extend(sums),
                None => moves.device.push(device_sums(last, &next, self.step())),
            }
        }
        *seen = Some(next);
    }
}

impl<const D: usize> Energy<D> for Watched<'_, D> {
    fn energy(&self, x: Tensor<D>) -> Tensor<1> {
        self.energy.energy(x)
    }

    fn energy_and_gradient(&self, x: Tensor<D>) -> (Tensor<1>, Tensor<D>) {
        let (energy, gradient) = self.energy.energy_and_gradient(x.clone());
        self.see(Evaluation::new(x, energy.clone(), gradient.clone()));
        (energy, gradient)
    }
}

impl<const D: usize> std::fmt::Debug for Watched<'_, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").field("kernel", &self.kernel).finish_non_exhaustive()
    }
}

/// Returns the sums of each chain, if both evaluations are in the host's memory.
fn host_sums<const D: usize>(
    last: &Evaluation<D>,
    next: &Evaluation<D>,
    step: f32,
) -> Option<Vec<[f64; SUMS]>> {
    let ([x, g], [y, h]) = (last.on_host.as_ref()?, next.on_host.as_ref()?);
    let length = (x.len() / last.state.dims()[0].max(1)).max(1);
    let rises = values_f64(next.energy.clone()).into_iter().zip(values_f64(last.energy.clone()));
    let chains = x.chunks(length).zip(g.chunks(length)).zip(y.chunks(length).zip(h.chunks(length)));
    let sums = chains.zip(rises).map(|(((x, g), (y, h)), (after, before))| {
        let [a, b, c, d, e] = vectorised(
            #[inline(always)]
            || squares([x, g, y, h], step),
        );
        [a, b, c, d, e, after - before]
    });
    Some(sums.collect())
}

/// Returns the sums of squares of one chain, from x and ∇U(x) before and after a transition.
#[inline(always)]
fn squares([x, g, y, h]: [&[f32]; 4], step: f32) -> [f64; SUMS - 1] {
    let mut lanes = [[0.0_f32; LANES]; SUMS - 1];
    let mut add = |i: usize, [x, g, y, h]: [f32; 4]| {
        let moved = y - x;
        let free = if moved == 0.0 { 0.0 } else { 1.0 };
        let terms = [moved, h - g, g, moved + step * g, step * h - moved];
        for (lanes, term) in lanes.iter_mut().zip(terms) {
            lanes[i] += free * term * term;
        }
    };
    let whole = [x, g, y, h].map(|all| all.as_chunks::<LANES>());
    let [(x, x_rest), (g, g_rest), (y, y_rest), (h, h_rest)] = whole;
    for ((x, g), (y, h)) in x.iter().zip(g).zip(y.iter().zip(h)) {
        for i in 0..LANES {
            add(i, [x[i], g[i], y[i], h[i]]);
        }
    }
    for i in 0..x_rest.len() {
        add(i, [x_rest[i], g_rest[i], y_rest[i], h_rest[i]]);
    }
    lanes.map(|lanes| lanes.iter().map(|&x| f64::from(x)).sum::<f64>())
}

fn device_sums<const D: usize>(last: Evaluation<D>, next: &Evaluation<D>, step: f64) -> Tensor<2> {
    let moved = next.state.clone() - last.state;
    let free = moved.clone().not_equal_scalar(0.0).float();
    let terms = [
        moved.clone(),
        next.gradient.clone() - last.gradient.clone(),
        last.gradient.clone(),
        moved.clone() + last.gradient * step,
        next.gradient.clone() * step - moved,
    ];
    let sum = |term: Tensor<D>| {
        let squares = (term * free.clone()).powi_scalar(2);
        squares.flatten::<2>(1, D - 1).sum_dim(1).squeeze_dim::<1>(1)
    };
    let mut sums = terms.map(sum).to_vec();
    sums.push(next.energy.clone() - last.energy);
    Tensor::stack(sums, 0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use ebm_energy::Gaussian;

    use super::*;
    use crate::{Constrained, Constraint, Held, Key, Mala, run};

    const TARGET: Gaussian = Gaussian { mean: 0.3, std: 0.5 };

    fn start() -> Tensor<3> {
        Key::new(5).normal([64, 7, 5], &Device::flex())
    }

    #[test]
    fn both_ways_to_sum_agree() {
        let evaluation = |key| {
            let state = Key::new(key).normal::<3>([3, 7, 5], &Device::flex());
            let (energy, gradient) = TARGET.energy_and_gradient(state.clone());
            Evaluation::new(state, energy, gradient)
        };
        let (last, next) = (evaluation(1), evaluation(2));
        // The first row of each state is held.
        let rows = [last.state.clone().narrow(1, 0, 1), next.state.narrow(1, 1, 6)];
        let next = Evaluation::new(Tensor::cat(rows.into(), 1), next.energy, next.gradient);
        let host = host_sums(&last, &next, 0.02).expect("on the host");
        let device = values_f64(device_sums(last, &next, 0.02));
        for (chain, sums) in host.iter().enumerate() {
            for (sum, value) in sums.iter().enumerate() {
                let other = device[sum * 3 + chain];
                assert!((value - other).abs() < 1e-4 * (1.0 + other.abs()), "{value} {other}");
            }
        }
    }

    /// The acceptance of MALA from the same states with the same noise, as it decides by it.
    #[test]
    fn the_acceptance_is_that_of_mala() {
        let kernel = Langevin::new(0.8);
        let watched = Watched::new(&TARGET, kernel);
        run(&kernel, &watched, start(), 2, Key::new(1), |_, _| {}).expect("finite");
        let found = watched.health().and_then(|health| health.acceptance).expect("noise");
        let mut first = None;
        let observe = |step: usize, x: &Tensor<3>| {
            if step == 1 {
                first = Some(x.clone());
            }
        };
        run(&Mala::new(0.8), &TARGET, start(), 1, Key::new(1), observe).expect("finite");
        let stayed = (first.expect("a step") - start()).abs().flatten::<2>(1, 2).sum_dim(1);
        let moved = values_f64(stayed).iter().filter(|&&moved| moved > 0.0).count() as f64 / 64.0;
        // Four standard errors of 64 decisions.
        assert!((found - moved).abs() < 0.25, "{found} {moved}");
        assert!(found < 0.95, "a step for which it matters: {found}");
    }

    #[test]
    fn held_coordinates_do_not_count_and_no_bit_changes() {
        let kernel = Langevin::new(0.2);
        let mask = Tensor::<3>::zeros([1, 7, 5], &Device::flex());
        let mask = mask.slice_fill([0..1, 0..6, 0..5], 1.0);
        let held = Held::new(start() * mask.clone(), mask);
        let constrained = Constrained::new(kernel, [Constraint::Held(held)]);
        let chain = |energy: &dyn Energy<3>| {
            let end = run(&constrained, &energy, start(), 9, Key::new(2), |_, _| {});
            end.expect("finite").state.into_data()
        };
        let watched = Watched::new(&TARGET, kernel);
        chain(&watched).assert_eq(&chain(&TARGET), true);
        let health = watched.health().expect("steps");
        assert!((health.stiffness - 0.08).abs() < 1e-3, "{health:?}");
        // Five free coordinates of standard deviation 1 at first, then 0.5.
        assert!(health.drift < 0.08 * 5_f64.sqrt(), "{health:?}");
    }

    #[test]
    fn a_single_step_shows_nothing() {
        let kernel = Langevin::new(0.2).with_noise(false);
        let watched = Watched::new(&TARGET, kernel);
        run(&kernel, &watched, start(), 1, Key::new(2), |_, _| {}).expect("finite");
        assert_eq!(watched.health(), None);
        run(&kernel, &watched, start(), 1, Key::new(2), |_, _| {}).expect("finite");
        assert_eq!(watched.health().expect("two evaluations").acceptance, None);
    }
}
