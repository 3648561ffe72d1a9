use burn::tensor::{Device, TensorData};
use ebm_tensor::values;

use super::*;
use crate::check;
use crate::math::log_sum_exp;

fn ring(spins: usize, coupling: f64, field: f64) -> Ising {
    Ising::new(Lattice::Ring(spins), coupling, field).expect("valid")
}

fn torus(rows: usize, columns: usize, coupling: f64) -> Ising {
    Ising::new(Lattice::Torus { rows, columns }, coupling, 0.0).expect("valid")
}

/// Every state, and its energy from the tensors.
fn enumerate(target: &Ising) -> (Vec<f32>, Vec<f64>) {
    let spins = target.dim();
    let spin = |i: usize| if ((i / spins) >> (i % spins)) & 1 == 1 { 1.0 } else { -1.0 };
    let states: Vec<f32> = (0..spins << spins).map(spin).collect();
    let x =
        Tensor::from_data(TensorData::new(states.clone(), [1 << spins, spins]), &Device::flex());
    (states, values(target.energy(x)).into_iter().map(f64::from).collect())
}

/// log Z, ⟨s₀⟩ and ⟨s₀s₁⟩.
fn sums(target: &Ising) -> [f64; 3] {
    let (states, energies) = enumerate(target);
    let log_terms: Vec<f64> = energies.iter().map(|u| -u).collect();
    let total = log_sum_exp(&log_terms);
    let average = |f: fn(&[f32]) -> f32| -> f64 {
        let states = states.chunks(target.dim()).zip(&log_terms);
        states.map(|(s, log)| f64::from(f(s)) * (log - total).exp()).sum()
    };
    [total, average(|s| s[0]), average(|s| s[0] * s[1])]
}

#[test]
fn ring_of_four() {
    let target = ring(4, 0.5, 0.0);
    assert!((target.log_normaliser().unwrap() - 3.297_642_004_8).abs() < 1e-9);
    assert!((target.neighbour_correlation().unwrap() - 0.536_343_604_0).abs() < 1e-9);
    assert_eq!(target.mean(), Some(vec![0.0; 4]));
}

#[test]
fn rings_by_enumeration() {
    for (spins, coupling, field) in
        [(4, 0.5, 0.0), (3, -0.7, 0.0), (7, -0.4, 0.3), (10, 0.8, -0.2), (5, 0.0, 1.0)]
    {
        let target = ring(spins, coupling, field);
        let [log_normaliser, mean, correlation] = sums(&target);
        let given = [
            target.log_normaliser().unwrap(),
            target.mean().unwrap()[0],
            target.neighbour_correlation().unwrap(),
        ];
        for (given, expected) in given.iter().zip([log_normaliser, mean, correlation]) {
            assert!((given - expected).abs() < 2e-6, "{target:?}: {given}, not {expected}");
        }
    }
}

/// In a field where e^H overflows, all spins follow it: log Z = n(J + H).
#[test]
fn overwhelming_fields() {
    let target = ring(4, 0.5, -1000.0);
    assert!((target.log_normaliser().unwrap() - 4002.0).abs() < 1e-9);
    assert!((target.mean().unwrap()[0] + 1.0).abs() < 1e-12);
    assert!((target.neighbour_correlation().unwrap() - 1.0).abs() < 1e-12);
}

/// On both sides of the critical coupling, log(1 + √2)/2 = 0.4407, and at it.
#[test]
fn tori_by_enumeration() {
    for (rows, columns, coupling) in
        [(3, 3, 0.2), (3, 4, 0.3), (4, 3, 0.6), (4, 4, 0.440_686_793_509_772), (3, 5, 1.0)]
    {
        let target = torus(rows, columns, coupling);
        let [expected, mean, _] = sums(&target);
        let given = target.log_normaliser().unwrap();
        assert!((given - expected).abs() < 1e-5, "{target:?}: {given}, not {expected}");
        assert!(mean.abs() < 1e-9);
    }
    assert_eq!(torus(3, 3, -0.2).log_normaliser(), None);
    assert_eq!(torus(3, 3, 1000.0).log_normaliser(), None, "beyond floating point");
    assert_eq!(torus(3, 3, 0.2).neighbour_correlation(), None);
    let in_field = Ising::new(Lattice::Torus { rows: 3, columns: 3 }, 0.2, 0.1).expect("valid");
    assert_eq!((in_field.log_normaliser(), in_field.mean()), (None, None));
}

#[test]
fn closed_form_gradient() {
    for target in [ring(5, 0.7, -0.3), torus(3, 4, 0.4)] {
        let error = check::gradient_error(&target, 1.0);
        assert!(error < 1e-6, "{target:?}: {error:e}");
    }
}

/// −2sᵢ·∂U/∂sᵢ is what flipping sᵢ changes.
#[test]
fn gradient_tells_flips() {
    let target = Ising::new(Lattice::Torus { rows: 3, columns: 3 }, 0.4, 0.1).expect("valid");
    let (states, energies) = enumerate(&target);
    for state in [0, 5, 137, 300, 511] {
        let spins = &states[state * 9..(state + 1) * 9];
        let x = Tensor::from_data(TensorData::new(spins.to_vec(), [1, 9]), &Device::flex());
        let gradient = values(target.energy_and_gradient(x).1);
        for spin in 0..9 {
            let change = energies[state ^ (1 << spin)] - energies[state];
            let told = f64::from(-2.0 * spins[spin] * gradient[spin]);
            assert!((told - change).abs() < 1e-5, "state {state}, spin {spin}");
        }
    }
}

#[test]
fn impossible_parameters() {
    let message =
        |lattice, coupling| Ising::new(lattice, coupling, 0.0).expect_err("impossible").to_string();
    assert_eq!(message(Lattice::Ring(2), 1.0), "side is 2; it must be at least 3");
    assert!(message(Lattice::Torus { rows: 1, columns: 4 }, 1.0).contains("side is 1"));
    assert!(message(Lattice::Ring(3), f64::NAN).contains("coupling is NaN"));
}
