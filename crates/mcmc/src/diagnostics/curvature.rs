//! The largest curvature of an energy, by power iteration on its Hessian.

use burn::tensor::Tensor;
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_tensor::values_f64;

/// The settings of [`largest_curvature`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PowerIteration {
    /// The number of iterations, each of two evaluations of the gradient. The estimate grows with
    /// it, toward the largest curvature.
    pub iterations: usize,
    /// The distance ε over which the gradient is differenced. For an energy whose gradient jumps,
    /// choose the length of a chain's move: over much smaller distances the jumps count as
    /// curvature that no chain meets.
    pub radius: f64,
}

impl Default for PowerIteration {
    /// Returns 20 iterations over a distance of 0.5.
    fn default() -> Self {
        Self { iterations: 20, radius: 0.5 }
    }
}

/// Estimates the largest curvature |λ| of U around each state: the largest eigenvalue of ∇²U in
/// magnitude, by power iteration v ← Hv/‖Hv‖ with Hv = (∇U(x + ε·v) − ∇U(x − ε·v))/(2ε).
///
/// A Langevin step overshoots where λ·δ²/2 is above 1, and is unstable above 2.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ebm_energy::Gaussian;
/// use ebm_mcmc::Key;
/// use ebm_mcmc::diagnostics::{PowerIteration, largest_curvature};
///
/// let target = Gaussian { mean: 0.0, std: 0.5 };
/// let x = Tensor::<2>::zeros([2, 3], &Device::flex());
/// let curvatures = largest_curvature(&target, x, None, PowerIteration::default(), Key::new(0));
/// assert!(curvatures.iter().all(|curvature| (curvature - 4.0).abs() < 1e-4));
/// ```
///
/// # Shapes
/// - `x`: `[batch, …]`
/// - `free`: 1 at coordinates that chains move and 0 at those that are held, of a shape that
///   broadcasts to that of `x`
/// - output: `[batch]`
pub fn largest_curvature<const D: usize>(
    energy: &(impl Energy<D> + ?Sized),
    x: Tensor<D>,
    free: Option<Tensor<D>>,
    settings: PowerIteration,
    key: Key,
) -> Vec<f64> {
    let PowerIteration { iterations, radius } = settings;
    let masked = |v: Tensor<D>| match &free {
        Some(free) => v * free.clone(),
        None => v,
    };
    let gradient = |x: Tensor<D>| energy.energy_and_gradient(x).1;
    let mut v = masked(key.normal(x.dims(), &x.device()));
    let mut norm = norms(v.clone());
    for _ in 0..iterations {
        let offset = v / norm * radius;
        let ends = [x.clone() + offset.clone(), x.clone() - offset].map(gradient);
        let [above, below] = ends;
        v = masked(above - below) / (2.0 * radius);
        norm = norms(v.clone());
    }
    values_f64(norm)
}

/// Returns ‖v‖ of each row, of rank `D` for broadcasting, and not 0, so that it divides.
fn norms<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    let squares = (1..D).fold(v.powi_scalar(2), Tensor::sum_dim);
    squares.sqrt() + f64::from(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use ebm_energy::FnEnergy;

    use super::*;

    /// U = Σⱼ λⱼ xⱼ²/2 with known λ, of which one is negative and the largest in magnitude is held
    /// in the second case.
    #[test]
    fn the_largest_eigenvalue_of_a_quadratic_energy() {
        let device = Device::flex();
        let scales = Tensor::<2>::from_data([[1.0, -7.0, 3.0, 0.5]], &device);
        let held = scales.clone();
        let target = FnEnergy::new(move |x: Tensor<2>| {
            (x.powi_scalar(2) * scales.clone() * 0.5).sum_dim(1).squeeze_dim::<1>(1)
        });
        let x = Key::new(1).normal::<2>([5, 4], &device);
        let free = held.greater_elem(-1.0).float();
        for (free, expected) in [(None, 7.0), (Some(free), 3.0)] {
            let found =
                largest_curvature(&target, x.clone(), free, PowerIteration::default(), Key::new(2));
            let close = |value: &f64| (value / expected - 1.0).abs() < 1e-3;
            assert!(found.len() == 5 && found.iter().all(close), "{found:?}");
        }
    }
}
