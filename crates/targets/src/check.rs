//! Checks that every target must pass. Functions return the worst error, so that a test can also
//! require that a wrong target fails.

use burn::tensor::{DType, Device, Tensor, TensorData};
use ebm_energy::{Energy, FnEnergy};
use ebm_noise::Key;
use ebm_tensor::values;
use ebm_testing::standard_errors;

use crate::target::Target;

const DRAWS: usize = 100_000;

/// Checks everything that is known of a continuous target with an exact sampler.
pub(crate) fn continuous<T: Target>(target: &T) {
    let name = target.name();
    let error = gradient_error(target, 1.5);
    assert!(error < 1e-6, "{name}: gradient, relative error {error:e}");
    let deviation = stein_deviation(target);
    assert!(deviation < 4.0, "{name}: E[∇U] or E[x·∇U] off by {deviation} standard errors");
    let deviation = moment_deviation(target);
    assert!(deviation < 4.0, "{name}: a moment is off by {deviation} standard errors");
}

fn doubles<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.without_autodiff().into_data().iter::<f64>().collect()
}

fn states(values: Vec<f64>, dim: usize) -> Tensor<2> {
    let shape = [values.len() / dim, dim];
    Tensor::from_data(TensorData::new(values, shape), (&Device::flex(), DType::F64))
}

/// The closed form in double precision against autodiff and against central differences, and the
/// closed form in single precision (which counts for a hundredth of its error), at points from N(0,
/// `spread`²).
///
/// The value that comes with the gradient must be that of `energy`.
pub(crate) fn gradient_error<T: Target>(target: &T, spread: f64) -> f64 {
    let dim = target.dim();
    let mut worst = 0.0_f64;
    let mut compare = |given: &[f64], expected: &[f64], weight: f64| {
        assert_eq!(given.len(), expected.len());
        for (given, expected) in given.iter().zip(expected) {
            let error = (given - expected).abs() / expected.abs().max(1.0) * weight;
            worst = if error.is_nan() { f64::INFINITY } else { worst.max(error) };
        }
    };
    for seed in 0..5 {
        let draws = Key::new(seed).normal::<2>([6, dim], &Device::flex()) * spread;
        let points = doubles(draws.clone());
        let x = states(points.clone(), dim);
        let (value, closed) = target.energy_and_gradient(x.clone());
        let [value, closed] = [doubles(value), doubles(closed)];
        let only_energy = FnEnergy::new(|x: Tensor<2>| target.energy(x));
        let (same_value, automatic) = only_energy.energy_and_gradient(x);
        compare(&value, &doubles(same_value), 1.0);
        compare(&closed, &doubles(automatic), 1.0);

        let (single_value, single) = target.energy_and_gradient(draws);
        compare(&doubles(single_value), &value, 1e-2);
        compare(&doubles(single), &closed, 1e-2);

        let half_width = 1e-5;
        let shifted = |coordinate: usize, by: f64| {
            let mut points = points.clone();
            points.iter_mut().skip(coordinate).step_by(dim).for_each(|x| *x += by);
            doubles(target.energy(states(points, dim)))
        };
        for coordinate in 0..dim {
            let [above, below] = [half_width, -half_width].map(|by| shifted(coordinate, by));
            let difference: Vec<f64> =
                above.iter().zip(below).map(|(a, b)| (a - b) / (2.0 * half_width)).collect();
            let closed: Vec<f64> = closed.iter().skip(coordinate).step_by(dim).copied().collect();
            compare(&difference, &closed, 1e-1);
        }
    }
    worst
}

/// E[∂U/∂xᵢ] = 0 and E[xᵢ·∂U/∂xᵢ] = 1, integrations by parts of exp(−U): the largest deviation of a
/// sample mean under the exact sampler, in standard errors.
pub(crate) fn stein_deviation<T: Target>(target: &T) -> f64 {
    let dim = target.dim();
    let x = target.sample(DRAWS, Key::new(17), &Device::flex()).expect("an exact sampler");
    let gradient = values(target.energy_and_gradient(x.clone()).1);
    let x = values(x);
    let mut worst = 0.0_f64;
    for coordinate in 0..dim {
        let column = |values: &[f32]| -> Vec<f64> {
            values.iter().skip(coordinate).step_by(dim).map(|&value| f64::from(value)).collect()
        };
        let [x, gradient] = [column(&x), column(&gradient)];
        let products: Vec<f64> =
            x.iter().zip(&gradient).map(|(x, gradient)| x * gradient).collect();
        worst = worst.max(standard_errors(&products, 1.0));
        worst = worst.max(standard_errors(&gradient, 0.0));
    }
    worst
}

/// Means and variances of exact draws against those that the target states, in standard errors.
pub(crate) fn moment_deviation<T: Target>(target: &T) -> f64 {
    let dim = target.dim();
    let draws = target.sample(DRAWS, Key::new(18), &Device::flex()).expect("an exact sampler");
    let draws = values(draws);
    let [mean, variance] = [target.mean(), target.variance()].map(|moment| moment.expect("known"));
    assert_eq!([mean.len(), variance.len()], [dim; 2]);
    let mut worst = 0.0_f64;
    for coordinate in 0..dim {
        let column: Vec<f64> =
            draws.iter().skip(coordinate).step_by(dim).map(|&x| f64::from(x)).collect();
        worst = worst.max(standard_errors(&column, mean[coordinate]));
        let squares: Vec<f64> = column.iter().map(|x| (x - mean[coordinate]).powi(2)).collect();
        worst = worst.max(standard_errors(&squares, variance[coordinate]));
    }
    worst
}

/// log ∫ exp(−U) over the plane by the trapezoidal rule on [−8, 8]², after a change of variables:
/// `map` gives the state of a point, and the logarithm of the Jacobian there.
pub(crate) fn log_mass<T: Target>(target: &T, map: impl Fn([f64; 2]) -> ([f64; 2], f64)) -> f64 {
    const SIDE: usize = 321;
    let step = 16.0 / (SIDE - 1) as f64;
    let node = |i: usize| i as f64 * step - 8.0;
    let mapped: Vec<_> = (0..SIDE * SIDE).map(|i| map([node(i / SIDE), node(i % SIDE)])).collect();
    let energy = doubles(target.energy(states(mapped.iter().flat_map(|(x, _)| *x).collect(), 2)));
    let terms: Vec<f64> = mapped.iter().zip(energy).map(|((_, log), u)| log - u).collect();
    crate::math::log_sum_exp(&terms) + 2.0 * step.ln()
}
