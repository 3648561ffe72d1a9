//! The LeakyReLU with a kink, or with a bend of half width w in its place.
//!
//! The smooth form is h(z) = ½(1 + α)·z + ¼(1 − α)·z²/w for |z| < w, and linear beyond, with the
//! slopes α and 1. Its derivative is continuous, and a function of the value alone, h′² = ¼(1 + α)²
//! + (1 − α)·h/w for |z| < w, so that the backward pass needs nothing but the activations.

use pulp::Arch;

/// The activation of a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Activation {
    pub(crate) arch: Arch,
    pub(crate) slope: f32,
    /// The half width w; 0 for a kink.
    pub(crate) bend: f32,
}

impl Activation {
    /// Returns the slope that a convolution applies itself; 1 leaves its sums unchanged.
    pub(crate) fn fused_slope(self) -> f32 {
        if self.bend > 0.0 { 1.0 } else { self.slope }
    }

    /// Replaces sums by their activations.
    pub(crate) fn apply(self, sums: &mut [f32]) {
        let Self { arch, slope, bend } = self;
        arch.dispatch(
            #[inline(always)]
            || match bend > 0.0 {
                true => {
                    let (linear, square) = (0.5 * (1.0 + slope), 0.25 * (1.0 - slope) / bend);
                    for sum in sums {
                        let z = sum.clamp(-bend, bend);
                        let beyond = (*sum - bend).max(0.0) + slope * (*sum + bend).min(0.0);
                        *sum = z * (linear + square * z) + beyond;
                    }
                }
                false => {
                    for sum in sums {
                        *sum = if *sum > 0.0 { *sum } else { slope * *sum };
                    }
                }
            },
        );
    }

    /// Multiplies gradients by the derivative at the sums that led to these activations.
    pub(crate) fn multiply_derivative(self, gradients: &mut [f32], activations: &[f32]) {
        let Self { arch, slope, bend } = self;
        arch.dispatch(
            #[inline(always)]
            || match bend > 0.0 {
                true => {
                    let (middle, rise) = (0.25 * (1.0 + slope).powi(2), (1.0 - slope) / bend);
                    for (gradient, activation) in gradients.iter_mut().zip(activations) {
                        *gradient *= (middle + rise * activation).clamp(slope * slope, 1.0).sqrt();
                    }
                }
                false => {
                    for (gradient, activation) in gradients.iter_mut().zip(activations) {
                        *gradient *= if *activation > 0.0 { 1.0 } else { slope };
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values and derivatives at both ends of the bend and beyond, against the definition, and the
    /// derivative against differences.
    #[test]
    fn the_bend_joins_both_lines() {
        for (slope, bend) in [(0.2_f32, 0.5_f32), (0.0, 2.0), (0.2, 0.0)] {
            let activation = Activation { arch: Arch::new(), slope, bend };
            let value = |z: f32| {
                let mut sums = [z];
                activation.apply(&mut sums);
                sums[0]
            };
            let derivative = |z: f32| {
                let mut gradients = [1.0];
                activation.multiply_derivative(&mut gradients, &[value(z)]);
                gradients[0]
            };
            assert_eq!(value(0.0), 0.0);
            for z in [-3.1_f32, -2.0, -0.5, -0.3, -0.01, 0.02, 0.4, 0.5, 2.0, 2.7] {
                let expected = match z {
                    _ if z >= bend => 1.0,
                    _ if z <= -bend => slope,
                    _ => 0.5 * (1.0 + slope) + 0.5 * (1.0 - slope) * z / bend,
                };
                assert!((derivative(z) - expected).abs() < 1e-4, "{z} {slope} {bend}");
                let difference = (value(z + 1e-3) - value(z - 1e-3)) / 2e-3;
                assert!((difference - expected).abs() < 5e-3, "{z} {slope} {bend} {difference}");
            }
        }
    }
}
