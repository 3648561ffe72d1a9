//! Energies written out for blocks against the same energies in tensors, and both against autodiff.

use burn::tensor::{Device, Tensor, Tolerance};
use ebm_energy::{BlockEnergy, Energy, Gaussian, LANES};
use ebm_noise::Key;
use ebm_targets::{DoubleWell, Ring, Target};

/// Hides the closed form.
struct Autodiff<E>(E);

impl<E: Energy<2>> Energy<2> for Autodiff<E> {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        self.0.energy(x)
    }
}

fn agrees(target: impl Energy<2> + BlockEnergy, dim: usize) {
    let x = Key::new(3).normal::<2>([LANES, dim], &Device::flex()) * 2.0;
    let values: Vec<f32> = x.clone().into_data().iter::<f32>().collect();
    let lanes: Vec<[f32; LANES]> =
        (0..dim).map(|d| std::array::from_fn(|lane| values[lane * dim + d])).collect();
    let mut gradient = vec![[0.0; LANES]; dim];
    let energy = target.block(&lanes, &mut gradient);
    let gradient: Vec<f32> =
        (0..LANES).flat_map(|lane| gradient.iter().map(move |g| g[lane])).collect();
    let tolerance = Tolerance::<f32>::rel_abs(1e-4, 1e-4);
    let block = [
        Tensor::<1>::from_data(energy, &Device::flex()).into_data(),
        Tensor::<1>::from_data(gradient.as_slice(), &Device::flex()).into_data(),
    ];
    for (e, g) in [target.energy_and_gradient(x.clone()), Autodiff(target).energy_and_gradient(x)] {
        block[0].assert_approx_eq(&e.into_data(), tolerance);
        block[1].assert_approx_eq(&g.flatten::<1>(0, 1).into_data(), tolerance);
    }
}

#[test]
fn blocks_equal_tensors_and_autodiff() {
    agrees(Gaussian { mean: 0.7, std: 1.5 }, 5);
    agrees(DoubleWell::new(7, 2.0).expect("valid"), 7);
    agrees(Ring::new(2, 8, 4.0, 0.5).expect("valid"), 2);
    agrees(Ring::new(6, 3, 1.0, 0.9).expect("valid"), 6);
}

/// log ∫ exp(−U) of the ring of eight with σ = ½ is 2.5310242470.
#[test]
fn ring_normaliser() {
    let ring = Ring::new(2, 8, 4.0, 0.5).expect("valid");
    assert!((ring.log_normaliser().expect("known") - 2.531_024_247).abs() < 1e-9);
    assert_eq!(ring.variance(), Some(vec![8.25; 2]));
}
