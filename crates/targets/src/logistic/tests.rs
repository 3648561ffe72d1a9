use burn::tensor::Device;
use ebm_noise::Key;

use super::*;
use crate::DiagonalGaussian;
use crate::check;

#[test]
fn closed_form_gradient() {
    let design = ebm_tensor::values(Key::new(6).normal::<2>([40, 5], &Device::flex()));
    let rows: Vec<Vec<f64>> =
        design.chunks(5).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect();
    let labels: Vec<bool> = rows.iter().map(|row| row[0] - 0.5 * row[1] > 0.1).collect();
    let target = LogisticRegression::new(&rows, &labels, 2.0).expect("valid");
    let error = check::gradient_error(&target, 2.0);
    assert!(error < 1e-6, "{error:e}");
}

/// Observations without information leave the prior, and one energy of log 2 each.
#[test]
fn without_information_the_posterior_is_the_prior() {
    let target = LogisticRegression::new(&vec![vec![0.0; 2]; 3], &[true, false, true], 0.7);
    let (target, prior) =
        (target.expect("valid"), DiagonalGaussian::isotropic(2, 0.7).expect("valid"));
    let expected = prior.log_normaliser().unwrap() - 3.0 * std::f64::consts::LN_2;
    let log_mass = check::log_mass(&target, |x| (x, 0.0));
    assert!((log_mass - expected).abs() < 1e-9, "{log_mass}");
}

/// One observation at x = 1 with y = 1 under the prior N(0, s²): ∫ σ(w)·N(w; 0, s²) dw = ½ by
/// symmetry.
#[test]
fn evidence_of_one_observation() {
    let target = LogisticRegression::new(&[vec![1.0, 0.0]], &[true], 1.0).expect("valid");
    let expected = crate::math::LN_TAU - std::f64::consts::LN_2;
    let log_mass = check::log_mass(&target, |x| (x, 0.0));
    assert!((log_mass - expected).abs() < 1e-9, "{log_mass}");
}

/// Logits beyond the range of exp: the loss is linear there.
#[test]
fn separable_far_away() {
    let target = LogisticRegression::new(&[vec![1.0]], &[false], 1e6).expect("valid");
    let x = Tensor::from_data([[500.0], [-500.0]], &Device::flex());
    let (energy, gradient) = target.energy_and_gradient(x);
    let tolerance = burn::tensor::Tolerance::<f32>::rel_abs(1e-6, 1e-6);
    energy.into_data().assert_approx_eq(&[500.0_f32, 0.0].into(), tolerance);
    gradient.into_data().assert_approx_eq(&[[1.0_f32], [0.0]].into(), tolerance);
}

#[test]
fn impossible_parameters() {
    assert!(LogisticRegression::new(&[], &[], 1.0).is_err());
    assert!(LogisticRegression::new(&[vec![1.0]], &[true, false], 1.0).is_err());
    assert!(LogisticRegression::new(&[vec![1.0], vec![]], &[true, false], 1.0).is_err());
    assert!(LogisticRegression::new(&[vec![f64::NAN]], &[true], 1.0).is_err());
    assert!(LogisticRegression::new(&[vec![1.0]], &[true], 0.0).is_err());
}

/// One observation at x = 1 with y = 1 under N(0, s²): half the evidence, E[w²] = s² by symmetry,
/// and E[w] = 2·∫ w·σ(w)·N(w; 0, 1) dw = 0.4132419283 (NumPy, trapezoidal rule) at s = 1.
#[test]
fn one_observation() {
    for std in [0.3, 1.0, 30.0] {
        let target = LogisticRegression::new(&[vec![1.0]], &[true], std).expect("valid");
        let moments = target.moments().expect("one weight");
        let expected = 0.5 * crate::math::LN_TAU + std.ln() - std::f64::consts::LN_2;
        assert!((moments.log_mass - expected).abs() < 1e-9, "{}", moments.log_mass);
        let second = moments.variance[0] + moments.mean[0].powi(2);
        assert!((second / (std * std) - 1.0).abs() < 1e-9, "{second}");
        if std == 1.0 {
            assert!((moments.mean[0] - 0.413_241_928_3).abs() < 1e-9, "{}", moments.mean[0]);
        }
    }
}

/// E[∇U] = 0 ties the moments to the data: with orthogonal designs the weights are independent, so
/// that two weights have the moments of each alone; and a turned design has those of the turned
/// weights.
#[test]
fn two_weights() {
    let alone = |x: f64, labels: &[bool]| {
        let design = vec![vec![x]; labels.len()];
        LogisticRegression::new(&design, labels, 1.3).expect("valid").moments().expect("one")
    };
    let [first, second] = [alone(2.0, &[true, true, false]), alone(-0.7, &[false])];
    let rows = [[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [0.0, -0.7]];
    let labels = [true, true, false, false];
    let of = |rows: Vec<Vec<f64>>| {
        LogisticRegression::new(&rows, &labels, 1.3).expect("valid").moments().expect("two")
    };
    let straight = of(rows.map(Vec::from).to_vec());
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a}, not {b}");
    close(straight.log_mass, first.log_mass + second.log_mass);
    close(straight.mean[0], first.mean[0]);
    close(straight.mean[1], second.mean[0]);
    close(straight.variance[0], first.variance[0]);
    close(straight.variance[1], second.variance[0]);
    let (sin, cos) = 0.6_f64.sin_cos();
    let turned = of(rows.map(|[a, b]| vec![cos * a - sin * b, sin * a + cos * b]).to_vec());
    close(turned.log_mass, straight.log_mass);
    close(turned.mean[0], cos * straight.mean[0] - sin * straight.mean[1]);
    let variance = cos * cos * straight.variance[0] + sin * sin * straight.variance[1];
    close(turned.variance[0], variance);
}

#[test]
fn what_would_take_too_long_is_not_known() {
    for (dim, std) in [(3, 1.0), (2, 1e6)] {
        let target = LogisticRegression::new(&[vec![1.0; dim]], &[true], std);
        let target = target.expect("valid");
        assert!(target.mean().is_none() && target.log_normaliser().is_none());
    }
}
