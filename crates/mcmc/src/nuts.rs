//! The No-U-Turn Sampler (Hoffman and Gelman, JMLR 2014) with multinomial choice along the
//! trajectory (Betancourt, "A conceptual introduction to Hamiltonian Monte Carlo", 2017), built
//! leaf by leaf without recursion (Phan, Pradhan, Jankowiak, "Composable effects for flexible and
//! accelerated probabilistic programming in NumPyro", 2019), so that the gradients of all chains
//! are evaluated together.

use burn::tensor::{Tensor, TensorData};
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_noise::streams::chain::transition;
use ebm_tensor::values_f64;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::point::Point;
use crate::statistics::{MAX_ENERGY_GAIN, Statistics, Trajectory};

/// A kernel of Hamiltonian trajectories that double until they turn back, with a diagonal mass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Nuts {
    /// The step size δ of the leapfrog scheme.
    pub step_size: f64,
    /// The largest number of doublings; a trajectory takes at most 2^`max_depth` − 1 gradients.
    pub max_depth: usize,
    /// The inverse mass of each coordinate, ideally the variance of the target; 1 for coordinates
    /// beyond its end.
    pub inverse_mass: Vec<f64>,
}

impl Nuts {
    /// Creates a kernel with step size δ, unit mass and at most ten doublings.
    pub fn new(step_size: f64) -> Self {
        Self { step_size, max_depth: 10, inverse_mass: Vec::new() }
    }

    /// Returns the kernel with at most `max_depth` doublings.
    pub fn with_max_depth(self, max_depth: usize) -> Self {
        Self { max_depth, ..self }
    }

    /// Returns the kernel with another inverse mass of each coordinate.
    pub fn with_inverse_mass(self, inverse_mass: impl Into<Vec<f64>>) -> Self {
        Self { inverse_mass: inverse_mass.into(), ..self }
    }

    fn inverse_mass(&self, dim: usize) -> Vec<f64> {
        (0..dim).map(|i| self.inverse_mass.get(i).copied().unwrap_or(1.0)).collect()
    }
}

impl<const D: usize> Kernel<D> for Nuts {
    type State = Point<D>;

    fn step<E: Energy<D>>(&self, energy: &E, state: Point<D>, key: Key) -> (Point<D>, Statistics) {
        let (shape, device) = (state.position.dims(), state.position.device());
        let dim = shape[1..].iter().product::<usize>();
        let inverse_mass = self.inverse_mass(dim);
        let noise = values_f64(key.fold(transition::PROPOSAL).normal(shape, &device));
        let [positions, gradients] = [state.position, state.gradient].map(values_f64);
        let energies = values_f64(state.energy.clone());
        let mut trees: Vec<Tree> = (0..shape[0])
            .map(|chain| {
                let row = chain * dim..(chain + 1) * dim;
                let momentum =
                    noise[row.clone()].iter().zip(&inverse_mass).map(|(z, w)| z / w.sqrt());
                let leaf = Leaf {
                    position: positions[row.clone()].to_vec(),
                    momentum: momentum.collect(),
                    energy: energies[chain],
                    gradient: gradients[row].to_vec(),
                };
                Tree::new(
                    leaf,
                    &inverse_mass,
                    Random { key: key.fold(transition::ACCEPTANCE), chain, drawn: 0 },
                )
            })
            .collect();
        // Every tree that still grows gets one more leaf, with one evaluation for all of them.
        loop {
            let mut growing: Vec<&mut Tree> = trees.iter_mut().filter(|tree| !tree.done).collect();
            if growing.is_empty() {
                break;
            }
            let positions: Vec<f32> = growing
                .iter_mut()
                .flat_map(|tree| tree.leap(self.step_size, &inverse_mass))
                .map(|x| x as f32)
                .collect();
            let mut batch = shape;
            batch[0] = growing.len();
            let x = Tensor::from_data(TensorData::new(positions, batch), &device);
            let (value, gradient) = energy.energy_and_gradient(x);
            let (value, gradient) = (values_f64(value), values_f64(gradient));
            let rows = value.into_iter().zip(gradient.chunks(dim.max(1)));
            for (tree, (value, gradient)) in growing.into_iter().zip(rows) {
                tree.land(value, gradient, self.step_size, &inverse_mass, self.max_depth);
            }
        }
        let gather = |part: &dyn Fn(&Tree) -> &[f64]| {
            let values: Vec<f32> = trees.iter().flat_map(part).map(|&x| x as f32).collect();
            Tensor::<D>::from_data(TensorData::new(values, shape), &device)
        };
        let each = |part: &dyn Fn(&Tree) -> f64| {
            let values: Vec<f32> = trees.iter().map(|tree| part(tree) as f32).collect();
            Tensor::<1>::from_data(TensorData::new(values, [shape[0]]), &device)
        };
        let chosen = Point {
            position: gather(&|tree| &tree.chosen.position),
            energy: each(&|tree| tree.chosen.energy),
            gradient: gather(&|tree| &tree.chosen.gradient),
        };
        let trajectory = Trajectory::new(
            each(&|tree| tree.chosen.total(&inverse_mass)),
            each(&|tree| f64::from(u8::from(tree.diverged))),
            each(&|tree| tree.leaves as f64),
        );
        let statistics = Statistics::new(state.energy)
            .with_acceptance(each(&|tree| tree.accepted / tree.leaves as f64))
            .with_step_size(self.step_size)
            .with_trajectory(trajectory.with_tree(each(&|tree| tree.depth as f64), self.max_depth));
        (chosen, statistics)
    }
}

/// A point of phase space.
#[derive(Clone, Debug)]
struct Leaf {
    position: Vec<f64>,
    momentum: Vec<f64>,
    energy: f64,
    gradient: Vec<f64>,
}

impl Leaf {
    fn kick(&mut self, step: f64) {
        let pairs = self.momentum.iter_mut().zip(&self.gradient);
        pairs.for_each(|(p, gradient)| *p -= 0.5 * step * gradient);
    }

    fn total(&self, inverse_mass: &[f64]) -> f64 {
        let kinetic = self.momentum.iter().zip(inverse_mass).map(|(p, w)| 0.5 * p * p * w);
        self.energy + kinetic.sum::<f64>()
    }
}

/// The uniform numbers of one chain, in order.
#[derive(Clone, Copy, Debug)]
struct Random {
    key: Key,
    chain: usize,
    drawn: u32,
}

impl Random {
    fn next(&mut self) -> f64 {
        self.drawn += 1;
        self.key.uniform_at(self.chain as u32, self.drawn)
    }
}

/// A set of leaves along a trajectory: the chosen one, their weight and the sum of their momenta.
#[derive(Clone, Debug)]
struct Part {
    chosen: Leaf,
    log_weight: f64,
    momenta: Vec<f64>,
}

/// The half that is being added to a tree, of as many leaves as the tree has.
#[derive(Clone, Debug)]
struct Growth {
    part: Option<Part>,
    /// +1 or −1.
    direction: f64,
    tip: Leaf,
    leaves: usize,
    wanted: usize,
    /// Momentum and sum of momenta at the first leaves of the complete subtrees that the next
    /// leaves may close.
    checkpoints: Vec<[Vec<f64>; 2]>,
}

/// The trajectory of one chain.
struct Tree {
    ends: [Leaf; 2],
    chosen: Leaf,
    log_weight: f64,
    momenta: Vec<f64>,
    depth: usize,
    start: f64,
    growth: Growth,
    random: Random,
    accepted: f64,
    leaves: usize,
    done: bool,
    diverged: bool,
}

impl Tree {
    fn new(leaf: Leaf, inverse_mass: &[f64], mut random: Random) -> Self {
        let ends = [leaf.clone(), leaf.clone()];
        let growth = Growth::new(&ends, 1, &mut random);
        Self {
            ends,
            log_weight: 0.0,
            momenta: leaf.momentum.clone(),
            depth: 0,
            start: leaf.total(inverse_mass),
            chosen: leaf,
            growth,
            random,
            accepted: 0.0,
            leaves: 0,
            done: false,
            diverged: false,
        }
    }

    /// Makes the first half of a leapfrog step. Returns the position at which the gradient is
    /// needed.
    fn leap(&mut self, step_size: f64, inverse_mass: &[f64]) -> Vec<f64> {
        let step = self.growth.direction * step_size;
        let tip = &mut self.growth.tip;
        tip.kick(step);
        let moves = tip.position.iter_mut().zip(&tip.momentum).zip(inverse_mass);
        moves.for_each(|((x, p), w)| *x += step * p * w);
        tip.position.clone()
    }

    /// Makes the second half of the step and adds the new leaf to the tree.
    fn land(
        &mut self,
        energy: f64,
        gradient: &[f64],
        step_size: f64,
        inverse_mass: &[f64],
        max_depth: usize,
    ) {
        let growth = &mut self.growth;
        growth.tip.energy = energy;
        growth.tip.gradient.copy_from_slice(gradient);
        growth.tip.kick(growth.direction * step_size);
        let gain = self.start - growth.tip.total(inverse_mass);
        let gain = if gain.is_nan() { f64::NEG_INFINITY } else { gain };
        self.leaves += 1;
        self.accepted += gain.min(0.0).exp();
        self.diverged = gain < -MAX_ENERGY_GAIN;
        let turned = growth.add(gain, inverse_mass, &mut self.random);
        if self.diverged || turned {
            // The new half is not reversible and is discarded.
            self.done = true;
            return;
        }
        if growth.leaves < growth.wanted {
            return;
        }
        // The new half is complete. The choice prefers it, for its distance (Betancourt, A.3.2).
        let Some(part) = growth.part.take() else { return };
        if self.random.next() < (part.log_weight - self.log_weight).exp() {
            self.chosen = part.chosen;
        }
        self.ends[usize::from(growth.direction > 0.0)] = growth.tip.clone();
        add(&mut self.momenta, &part.momenta);
        self.log_weight = log_sum(self.log_weight, part.log_weight);
        self.depth += 1;
        let [left, right] = &self.ends;
        self.done = self.depth >= max_depth
            || turns(&left.momentum, &right.momentum, &self.momenta, inverse_mass);
        if !self.done {
            self.growth = Growth::new(&self.ends, 1 << self.depth, &mut self.random);
        }
    }
}

impl Growth {
    fn new(ends: &[Leaf; 2], wanted: usize, random: &mut Random) -> Self {
        let forward = random.next() < 0.5;
        Self {
            part: None,
            direction: if forward { 1.0 } else { -1.0 },
            tip: ends[usize::from(forward)].clone(),
            leaves: 0,
            wanted,
            checkpoints: vec![[Vec::new(), Vec::new()]; wanted.ilog2() as usize + 1],
        }
    }

    /// Adds the tip as a leaf of weight exp(`gain`). Returns whether a complete subtree that it
    /// closes turns back.
    fn add(&mut self, gain: f64, inverse_mass: &[f64], random: &mut Random) -> bool {
        let tip = &self.tip;
        let part = match self.part.take() {
            None => Part { chosen: tip.clone(), log_weight: gain, momenta: tip.momentum.clone() },
            Some(mut part) => {
                part.log_weight = log_sum(part.log_weight, gain);
                if random.next() < (gain - part.log_weight).exp() {
                    part.chosen = tip.clone();
                }
                add(&mut part.momenta, &tip.momentum);
                part
            }
        };
        // An even leaf begins subtrees; an odd one closes as many as its number has trailing ones.
        let number = self.leaves;
        let deepest = (number >> 1).count_ones() as usize;
        let mut turned = false;
        if number.is_multiple_of(2) {
            self.checkpoints[deepest] = [tip.momentum.clone(), part.momenta.clone()];
        } else {
            let ended = number.trailing_ones() as usize;
            for [momentum, momenta] in &self.checkpoints[deepest + 1 - ended..=deepest] {
                let within: Vec<f64> = (part.momenta.iter().zip(momenta).zip(momentum))
                    .map(|((all, before), first)| all - before + first)
                    .collect();
                turned |= turns(momentum, &tip.momentum, &within, inverse_mass);
            }
        }
        self.leaves += 1;
        self.part = Some(part);
        turned
    }
}

/// Returns whether a trajectory with momenta `first` and `last` at its ends and the sum `momenta`
/// turns back: whether the velocity at an end points against the sum, from which half of the
/// momentum of each end is left out.
fn turns(first: &[f64], last: &[f64], momenta: &[f64], inverse_mass: &[f64]) -> bool {
    let (mut at_first, mut at_last) = (0.0, 0.0);
    for (((a, b), sum), w) in first.iter().zip(last).zip(momenta).zip(inverse_mass) {
        let way = sum - 0.5 * (a + b);
        at_first += w * a * way;
        at_last += w * b * way;
    }
    at_first <= 0.0 || at_last <= 0.0
}

fn add(sum: &mut [f64], other: &[f64]) {
    sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
}

fn log_sum(a: f64, b: f64) -> f64 {
    let largest = a.max(b);
    if largest == f64::NEG_INFINITY {
        largest
    } else {
        largest + ((a - largest).exp() + (b - largest).exp()).ln()
    }
}
