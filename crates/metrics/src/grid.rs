//! Densities in the plane by quadrature: normalisation, divergence, and kernel density estimates.

use std::f64::consts::TAU;

use thiserror::Error;

/// The number of bandwidths at which kernels are truncated; they have 10⁻¹⁴ of their height there.
const KERNEL_REACH: f64 = 8.0;

/// A grid of equal square cells over [`low`, `high`]². A function of the plane is represented by
/// its values at the cells' centres, row by row in ascending y, within a row in ascending x.
///
/// Integrals are sums over cells (the midpoint rule). Their error falls faster than any power of
/// the cell width for a smooth function that vanishes at the edges: for a Gaussian whose standard
/// deviation is one cell width it is 10⁻⁸ of the integral, from two cell widths on only rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    low: f64,
    high: f64,
    cells: usize,
}

/// The reason why a quantity cannot be computed on a grid.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum GridError {
    /// The grid would have no area.
    #[error(
        "a grid from {low} to {high} with {cells} cells along a side has no area; expected finite \
         numbers, low < high, 1 cell or more"
    )]
    NoArea {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
        /// The number of cells along a side.
        cells: usize,
    },

    /// The number of values is not the number of cells.
    #[error("{what} has {found} values, expected one for each of the grid's {expected} cells")]
    Length {
        /// The function.
        what: &'static str,
        /// The number of values.
        found: usize,
        /// The number of cells.
        expected: usize,
    },

    /// A logarithm of a density is NaN or ∞.
    #[error("{what} is {value} in cell {cell}, expected a finite number or −∞")]
    Value {
        /// The function.
        what: &'static str,
        /// The cell's index.
        cell: usize,
        /// The value.
        value: f64,
    },

    /// The density is zero everywhere.
    #[error("the density is zero in every cell: there is nothing to normalise")]
    NoMass,

    /// There are no samples.
    #[error("there are no samples; a density needs one or more")]
    NoSamples,

    /// A coordinate of a sample is not finite.
    #[error("sample {index} is [{}, {}], expected finite coordinates", value[0], value[1])]
    Sample {
        /// The sample's index.
        index: usize,
        /// The coordinates of the point.
        value: [f64; 2],
    },

    /// The kernel is too narrow for the grid.
    #[error(
        "the bandwidth is {bandwidth}, expected a finite number of {least} (a cell's width) or more"
    )]
    Bandwidth {
        /// The bandwidth given.
        bandwidth: f64,
        /// The width of a cell.
        least: f64,
    },
}

impl Grid {
    /// Creates a grid of `cells` × `cells` squares over [`low`, `high`]².
    ///
    /// # Errors
    /// [`GridError::NoArea`] unless `low < high`, both are finite, and there is a cell.
    pub fn new(low: f64, high: f64, cells: usize) -> Result<Self, GridError> {
        let finite = low.is_finite() && high.is_finite() && (high - low).is_finite();
        if !finite || low >= high || cells == 0 || cells.checked_mul(cells).is_none() {
            return Err(GridError::NoArea { low, high, cells });
        }
        Ok(Self { low, high, cells })
    }

    /// Returns the lower bound of both coordinates.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Returns the upper bound of both coordinates.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Returns the number of cells along a side.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Returns the width of a cell.
    pub fn width(&self) -> f64 {
        (self.high - self.low) / self.cells as f64
    }

    /// Returns the cells' centres [x, y] in the order of values.
    pub fn points(&self) -> Vec<[f64; 2]> {
        let cells = self.cells;
        (0..cells * cells).map(|i| [self.centre(i % cells), self.centre(i / cells)]).collect()
    }

    /// Returns log p of the density p ∝ exp(`log_values`), normalised over the grid: for an energy,
    /// log p = −U − log Σ exp(−U)·area.
    ///
    /// # Errors
    /// If there is not one value per cell, a value is NaN or ∞, or all are −∞.
    pub fn log_normalise(&self, log_values: &[f64]) -> Result<Vec<f64>, GridError> {
        self.check("the density", log_values)?;
        let largest = log_values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return Err(GridError::NoMass);
        }
        let sum: f64 = log_values.iter().map(|log| (log - largest).exp()).sum();
        let log_mass = largest + (sum * self.area()).ln();
        Ok(log_values.iter().map(|log| log - log_mass).collect())
    }

    /// Computes KL(p‖q) = ∫ p·(log p − log q) over the grid, in nats. `p_log` and `q_log` are the
    /// logarithms of normalised densities, in the order of [`points`](Self::points).
    ///
    /// A cell with p = 0 contributes nothing; a cell with p > 0 and q = 0 makes the divergence ∞.
    ///
    /// # Errors
    /// If there is not one value per cell, or a value is NaN or ∞.
    pub fn kl(&self, p_log: &[f64], q_log: &[f64]) -> Result<f64, GridError> {
        self.check("p", p_log)?;
        self.check("q", q_log)?;
        let terms = p_log.iter().zip(q_log).filter(|(p, _)| **p != f64::NEG_INFINITY);
        Ok(terms.map(|(p, q)| p.exp() * (p - q)).sum::<f64>() * self.area())
    }

    /// Returns the logarithm of a kernel density estimate of samples: a Gaussian of standard
    /// deviation `bandwidth` around each sample (Parzen 1962). It makes samples without a tractable
    /// density (of a decoder, of a chain) comparable on this grid.
    ///
    /// Kernels are evaluated at the cells' centres, without binning. One additional sample is
    /// spread evenly over the grid: with n samples, every cell has at least the density 1/((n +
    /// 1)·area of the grid), so divergences from the estimate are finite. Mass outside the grid is
    /// lost, without renormalisation.
    ///
    /// The estimate is of the samples' distribution convolved with the kernel, so even exact draws
    /// are at a distance from the true density. Compare a divergence with that of equally many
    /// exact draws with the same bandwidth.
    ///
    /// # Errors
    /// If there is no sample, a coordinate is not finite, or the bandwidth is below a cell's width.
    pub fn sample_density(
        &self,
        samples: &[[f64; 2]],
        bandwidth: f64,
    ) -> Result<Vec<f64>, GridError> {
        if samples.is_empty() {
            return Err(GridError::NoSamples);
        }
        let least = self.width();
        // With a tolerance of 10⁻⁹ for a bandwidth written as a cell's width.
        if !bandwidth.is_finite() || bandwidth < least * (1.0 - 1e-9) {
            return Err(GridError::Bandwidth { bandwidth, least });
        }
        let mut sums = vec![0.0; self.cells * self.cells];
        for (index, &value) in samples.iter().enumerate() {
            if !value.iter().all(|x| x.is_finite()) {
                return Err(GridError::Sample { index, value });
            }
            let [(column, across), (row, along)] = value.map(|x| self.kernel(x, bandwidth));
            for (row, height) in (row..).zip(&along) {
                let cells = &mut sums[row * self.cells + column..][..across.len()];
                cells.iter_mut().zip(&across).for_each(|(sum, width)| *sum += height * width);
            }
        }
        let samples = samples.len() as f64;
        let even = 1.0 / (self.high - self.low).powi(2);
        let peak = 1.0 / (TAU * bandwidth * bandwidth);
        Ok(sums.iter().map(|sum| ((sum * peak + even) / (samples + 1.0)).ln()).collect())
    }

    /// Returns the index of the first centre t within reach of x, and exp(−(t − x)²/(2·bandwidth²))
    /// at all of them.
    fn kernel(&self, x: f64, bandwidth: f64) -> (usize, Vec<f64>) {
        // Casts saturate: a kernel off the grid reaches no cell.
        let index =
            |t: f64| ((t - self.low) / self.width() - 0.5).ceil().min(self.cells as f64) as usize;
        let first = index(x - KERNEL_REACH * bandwidth);
        let values = (first..index(x + KERNEL_REACH * bandwidth))
            .map(|i| (-0.5 * ((self.centre(i) - x) / bandwidth).powi(2)).exp());
        (first, values.collect())
    }

    fn centre(&self, i: usize) -> f64 {
        self.low + (i as f64 + 0.5) * self.width()
    }

    fn area(&self) -> f64 {
        self.width() * self.width()
    }

    fn check(&self, what: &'static str, values: &[f64]) -> Result<(), GridError> {
        let expected = self.cells * self.cells;
        if values.len() != expected {
            return Err(GridError::Length { what, found: values.len(), expected });
        }
        match values.iter().position(|&log| log.is_nan() || log == f64::INFINITY) {
            Some(cell) => Err(GridError::Value { what, cell, value: values[cell] }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
