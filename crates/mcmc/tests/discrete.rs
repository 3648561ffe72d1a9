//! Every kernel for binary states on every discrete target: means of all units and of the products
//! of all pairs, against sums over all states, within four standard errors at fixed seeds.

mod common;

use burn::tensor::{DType, Device, Tensor, TensorData};
use common::off;
use ebm_mcmc::diagnostics::Draws;
use ebm_mcmc::{BlockGibbs, Gibbs, GibbsWithGradients, Kernel, Key, ParallelTempering, Sampler};
use ebm_targets::{Ising, Lattice, RestrictedBoltzmann, Target};

const CHAINS: usize = 400;
const SPINS: [f64; 2] = [-1.0, 1.0];
const BITS: [f64; 2] = [0.0, 1.0];

/// Returns ⟨sᵢsⱼ⟩ for all i < j, and ⟨sᵢ⟩ for i = j, where the square is constant.
fn moments(target: &dyn Target, values: [f64; 2]) -> Vec<f64> {
    let dim = target.dim();
    let states: Vec<Vec<f64>> = (0..1_usize << dim)
        .map(|state| (0..dim).map(|unit| values[state >> unit & 1]).collect())
        .collect();
    let data = TensorData::new(states.concat(), [states.len(), dim]);
    let x = Tensor::<2>::from_data(data, (&Device::flex(), DType::F64));
    let masses: Vec<f64> = target.energy(x).into_data().iter::<f64>().map(|u| (-u).exp()).collect();
    let total: f64 = masses.iter().sum();
    let mean = |i, j| {
        let terms = states.iter().zip(&masses).map(|(state, mass)| mass * moment(state, i, j));
        terms.sum::<f64>() / total
    };
    pairs(dim).map(|(i, j)| mean(i, j)).collect()
}

fn moment(state: &[f64], i: usize, j: usize) -> f64 {
    if i == j { state[i] } else { state[i] * state[j] }
}

fn pairs(dim: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..dim).flat_map(move |i| (i..dim).map(move |j| (i, j)))
}

/// Returns the standard errors between draws and sums over all states, the largest over all
/// moments.
fn worst(draws: &Draws, target: &dyn Target, values: [f64; 2]) -> f64 {
    let deviations = pairs(target.dim())
        .zip(moments(target, values))
        .map(|((i, j), expected)| off(draws, |state| moment(state, i, j), expected));
    deviations.fold(0.0, f64::max)
}

/// Samples with chains that all start in the same corner.
fn sample<K: Kernel<2>>(kernel: K, target: &dyn Target, thin: usize) -> Draws {
    let start = Tensor::<2>::ones([CHAINS, target.dim()], &Device::flex());
    let sampler = Sampler::new(kernel, &target, start, Key::new(17));
    sampler.burn_in(30 * thin).thin(thin).sample(60).expect("finite").draws
}

fn isings() -> [Ising; 3] {
    let torus = Lattice::Torus { rows: 3, columns: 3 };
    let model = |lattice, coupling, field| Ising::new(lattice, coupling, field).expect("valid");
    [model(Lattice::Ring(4), 0.5, 0.0), model(Lattice::Ring(7), 0.4, 0.3), model(torus, -0.2, 0.1)]
}

fn machines() -> [RestrictedBoltzmann; 2] {
    scaled_machines(1.0)
}

/// The machines with all weights multiplied by `factor`.
fn scaled_machines(factor: f64) -> [RestrictedBoltzmann; 2] {
    let small = [[0.5, -0.3], [0.2, 0.8], [-0.6, 0.1]];
    let small: Vec<Vec<f64>> = small.map(|row| row.map(|w| w * factor).to_vec()).to_vec();
    let small = RestrictedBoltzmann::new(&small, vec![0.1, -0.2, 0.3], vec![-0.1, 0.4]);
    // Weights from −1.5 to 1.5, without a pattern.
    let weight = |i: usize, j: usize| ((7 * i + 5 * j + i * j) % 13) as f64 / 4.0 - 1.5;
    let row = |i: usize| (0..4).map(|j| weight(i, j) * factor).collect();
    let large: Vec<Vec<f64>> = (0..6).map(row).collect();
    let large = RestrictedBoltzmann::new(&large, vec![-0.3; 6], vec![0.2; 4]);
    [small, large].map(|machine| machine.expect("valid"))
}

fn reproduces<K: Kernel<2>>(kernel: K, target: &dyn Target, values: [f64; 2], thin: usize) {
    let worst = worst(&sample(kernel, target, thin), target, values);
    let (name, dim) = (target.name(), target.dim());
    assert!(worst < 4.0, "{name} of {dim}: {worst} standard errors");
}

/// The sums agree with those that the targets compute in another way, by the transfer matrix of the
/// ring and by sums over hidden states.
#[test]
fn sums_over_all_states() {
    let [four, seven, _] = isings();
    let neighbours = moments(&four, SPINS)[1];
    assert!((neighbours - 0.536_343_604).abs() < 1e-9, "{neighbours}");
    let magnetisation = moments(&seven, SPINS)[0];
    assert!((magnetisation - seven.mean().expect("known")[0]).abs() < 1e-9, "{magnetisation}");
    let [small, large] = machines();
    let by_sums = |machine: &RestrictedBoltzmann| -> Vec<f64> {
        let all = pairs(machine.dim()).zip(moments(machine, BITS));
        all.filter(|((i, j), _)| i == j).map(|(_, mean)| mean).collect()
    };
    let close = |given: &[f64], expected: &[f64]| {
        let pairs = given.iter().zip(expected);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-9), "{given:?}, not {expected:?}");
    };
    close(&by_sums(&small), &[0.535_161_102_8, 0.605_546_706_8, 0.517_338_033_3]);
    close(&by_sums(&large), &large.mean().expect("known"));
}

#[test]
fn gibbs_reproduces_every_target() {
    isings().iter().for_each(|ising| reproduces(Gibbs::new(SPINS), ising, SPINS, 1));
    machines().iter().for_each(|machine| reproduces(Gibbs::new(BITS), machine, BITS, 1));
}

#[test]
fn gibbs_with_gradients_reproduces_every_target() {
    let kernel = |values| GibbsWithGradients::new(values);
    isings().iter().for_each(|ising| reproduces(kernel(SPINS), ising, SPINS, 6));
    machines().iter().for_each(|machine| reproduces(kernel(BITS), machine, BITS, 6));
}

#[test]
fn block_gibbs_reproduces_every_machine() {
    machines().iter().for_each(|machine| reproduces(BlockGibbs::new(machine), machine, BITS, 2));
}

/// Replicas of discrete chains exchange states as well.
#[test]
fn parallel_tempering_reproduces_every_ising_model() {
    for ising in isings() {
        let temperatures = vec![1.0, 2.0, 4.0];
        let kernel = ParallelTempering::new(Gibbs::new(SPINS), temperatures);
        reproduces(kernel, &ising, SPINS, 1);
    }
}

/// The negative controls: weights or a coupling off by a factor of two are detected.
#[test]
fn wrong_coefficients_are_detected() {
    for (given, wrong) in machines().iter().zip(&scaled_machines(2.0)) {
        let samples = sample(BlockGibbs::new(wrong), given, 2);
        assert!(worst(&samples, given, BITS) > 4.0);
    }
    let [given, wrong] = [0.4, 0.8].map(|j| Ising::new(Lattice::Ring(7), j, 0.3).expect("valid"));
    let [gibbs, gradients] =
        [sample(Gibbs::new(SPINS), &wrong, 1), sample(GibbsWithGradients::new(SPINS), &wrong, 6)];
    assert!(worst(&gibbs, &given, SPINS) > 4.0 && worst(&gradients, &given, SPINS) > 4.0);
}
