use super::*;
use crate::check;

#[test]
fn known_answers() {
    let general = DiagonalGaussian::new(vec![1.0, -2.0], vec![0.25, 3.0]).expect("valid");
    check::continuous(&general);
    let log_mass = check::log_mass(&general, |x| (x.map(|x| 2.0 * x), 4.0_f64.ln()));
    assert!((log_mass - general.log_normaliser().expect("known")).abs() < 1e-9);
    check::continuous(&DiagonalGaussian::isotropic(5, 0.3).expect("valid"));
    check::continuous(&DiagonalGaussian::ill_conditioned(30, 1e4).expect("valid"));
}

#[test]
fn blocks_equal_tensors() {
    let target = DiagonalGaussian::new(vec![1.0, -2.0], vec![0.25, 3.0]).expect("valid");
    let x = Key::new(4).normal::<2>([LANES, 2], &Device::flex());
    let values = ebm_tensor::values(x.clone());
    let lanes = [0, 1].map(|i| std::array::from_fn(|lane| values[2 * lane + i]));
    let mut slopes = [[0.0; LANES]; 2];
    let energies = target.block(&lanes, &mut slopes);
    let (energy, gradient) = target.energy_and_gradient(x);
    let tolerance = burn::tensor::Tolerance::<f32>::rel_abs(1e-5, 1e-5);
    energy.into_data().assert_approx_eq(&energies.into(), tolerance);
    gradient.transpose().into_data().assert_approx_eq(&slopes.into(), tolerance);
}

#[test]
fn condition_number() {
    let target = DiagonalGaussian::ill_conditioned(100, 10.0).expect("valid");
    let variance = target.variance().expect("known");
    assert!((variance[99] / variance[0] - 10.0).abs() < 1e-12);
    assert!((variance[0] * variance[99] - 1.0).abs() < 1e-12);
    let ratio = variance[1] / variance[0];
    assert!(variance.windows(2).all(|pair| (pair[1] / pair[0] - ratio).abs() < 1e-12));
}

/// The checks of all targets notice a variance that is wrong by a twentieth, and a wrong gradient.
#[test]
fn the_checks_can_fail() {
    struct Wrong(DiagonalGaussian);
    impl Energy<2> for Wrong {
        fn energy(&self, x: Tensor<2>) -> Tensor<1> {
            self.0.energy(x)
        }
        fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
            let (energy, gradient) = self.0.energy_and_gradient(x);
            (energy, gradient * 1.001)
        }
    }
    impl Target for Wrong {
        fn name(&self) -> &'static str {
            "wrong"
        }
        fn dim(&self) -> usize {
            self.0.dim()
        }
        fn mean(&self) -> Option<Vec<f64>> {
            self.0.mean()
        }
        fn variance(&self) -> Option<Vec<f64>> {
            self.0.variance()
        }
        fn sample(&self, rows: usize, key: Key, device: &Device) -> Option<Tensor<2>> {
            Some(self.0.sample(rows, key, device)? * 1.05_f64.sqrt())
        }
    }
    let wrong = Wrong(DiagonalGaussian::isotropic(2, 1.0).expect("valid"));
    assert!(check::gradient_error(&wrong, 1.0) > 1e-4);
    assert!(check::moment_deviation(&wrong) > 4.0);
    assert!(check::stein_deviation(&wrong) > 4.0);
}

#[test]
fn impossible_parameters() {
    let message =
        |result: Result<DiagonalGaussian, TargetError>| result.expect_err("impossible").to_string();
    assert!(message(DiagonalGaussian::new(vec![], vec![])).contains("dim is 0"));
    assert!(message(DiagonalGaussian::new(vec![0.0], vec![1.0, 1.0])).contains("length 2"));
    assert!(message(DiagonalGaussian::isotropic(2, -1.0)).contains("std is -1"));
    assert!(message(DiagonalGaussian::isotropic(2, f64::NAN)).contains("std is NaN"));
    assert!(message(DiagonalGaussian::ill_conditioned(2, 0.5)).contains("at least 1"));
    assert!(message(DiagonalGaussian::new(vec![0.0], vec![0.0])).contains("variance is 0"));
}
