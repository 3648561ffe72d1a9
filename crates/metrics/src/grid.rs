//! Densities in the plane by quadrature: normalisation, divergence, and a density for samples that have none.

use std::f64::consts::TAU;

use thiserror::Error;

/// A kernel of the smoothed samples is cut at this many bandwidths, where it has 10⁻¹⁴ of its height.
const KERNEL_REACH: f64 = 8.0;

/// Equal square cells that fill [`low`, `high`]². Functions of the plane are lists of their values at the
/// cells' centres, row by row from the lowest y, in each row from the lowest x.
///
/// Integrals are sums over cells (the midpoint rule). What a sum misses falls faster than any power of the
/// cells' width where a smooth function vanishes at the edges: for a Gaussian whose standard deviation is the
/// cells' width it is 10⁻⁸ of the whole, and rounding from twice the width on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    low: f64,
    high: f64,
    cells: usize,
}

/// Why a quantity cannot be computed on a grid.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum GridError {
    /// No such grid.
    #[error(
        "a grid from {low} to {high} with {cells} cells along a side has no area; expected finite numbers, \
         low < high, 1 cell or more"
    )]
    NoArea {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
        /// Cells along a side.
        cells: usize,
    },

    /// A list of values that is not one of this grid.
    #[error("{what} has {found} values, expected one for each of the grid's {expected} cells")]
    Length {
        /// Which list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The grid's number of cells.
        expected: usize,
    },

    /// A logarithm that no density has.
    #[error("{what} is {value} in cell {cell}, expected a finite number or −∞")]
    Value {
        /// Which list.
        what: &'static str,
        /// The cell's index.
        cell: usize,
        /// NaN or ∞.
        value: f64,
    },

    /// Values that cannot be normalised.
    #[error("the density is zero in every cell: there is nothing to normalise")]
    NoMass,

    /// Samples that give no density.
    #[error("there are no samples; a density needs one or more")]
    NoSamples,

    /// A sample that is nowhere in the plane.
    #[error("sample {index} is [{}, {}], expected finite coordinates", value[0], value[1])]
    Sample {
        /// The sample's index.
        index: usize,
        /// Its coordinates.
        value: [f64; 2],
    },

    /// A kernel too narrow for the grid.
    #[error(
        "the bandwidth is {bandwidth}, expected a finite number of {least} (a cell's width) or more"
    )]
    Bandwidth {
        /// The bandwidth asked for.
        bandwidth: f64,
        /// The width of a cell.
        least: f64,
    },
}

impl Grid {
    /// `cells` × `cells` equal squares over [`low`, `high`]².
    ///
    /// # Errors
    /// [`GridError::NoArea`] unless `low < high`, both finite, and there is a cell.
    pub fn new(low: f64, high: f64, cells: usize) -> Result<Self, GridError> {
        let finite = low.is_finite() && high.is_finite() && (high - low).is_finite();
        if !finite || low >= high || cells == 0 || cells.checked_mul(cells).is_none() {
            return Err(GridError::NoArea { low, high, cells });
        }
        Ok(Self { low, high, cells })
    }

    /// The lower bound of both coordinates.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The upper bound of both coordinates.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Cells along a side.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The width of a cell.
    pub fn width(&self) -> f64 {
        (self.high - self.low) / self.cells as f64
    }

    /// The cells' centres [x, y], in the order of values.
    pub fn points(&self) -> Vec<[f64; 2]> {
        let cells = self.cells;
        (0..cells * cells).map(|i| [self.centre(i % cells), self.centre(i / cells)]).collect()
    }

    /// log p of the density p ∝ exp(`log_values`) whose integral over the grid is 1: for an energy,
    /// log p = −U − log Σ exp(−U)·area.
    ///
    /// # Errors
    /// If there is not one value for each cell, one is NaN or ∞, or all are −∞.
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

    /// KL(p‖q) = ∫ p·(log p − log q) over the grid, in nats. `p_log` and `q_log` are logarithms of normalised
    /// densities, in the order of [`points`](Self::points).
    ///
    /// A cell without p counts nothing, whatever q is there; a cell with p and without q makes the divergence ∞.
    ///
    /// # Errors
    /// If there is not one value for each cell, or one is NaN or ∞.
    pub fn kl(&self, p_log: &[f64], q_log: &[f64]) -> Result<f64, GridError> {
        self.check("p", p_log)?;
        self.check("q", q_log)?;
        let terms = p_log.iter().zip(q_log).filter(|(p, _)| **p != f64::NEG_INFINITY);
        Ok(terms.map(|(p, q)| p.exp() * (p - q)).sum::<f64>() * self.area())
    }

    /// The logarithmic density of samples that have no density of their own (a decoder's, a chain's), so that they
    /// can be compared on this grid: a Gaussian of standard deviation `bandwidth` about each sample (Parzen 1962).
    ///
    /// Kernels are evaluated at the cells' centres, without binning. One further sample is counted as spread
    /// evenly over the grid: with n samples, every cell has the density 1/((n + 1)·grid's area) or more, so that a
    /// divergence from it is finite. What lies outside of the grid is missing from it, and is not made up for.
    ///
    /// Smoothing widens: the density is that of the samples' law convolved with the kernel, and even exact draws
    /// are at a distance from it. What a divergence means is therefore seen beside the same divergence of as many
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
        // One part in 10⁹: a bandwidth written as a cell's width is one.
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

    /// exp(−(t − x)²/(2·bandwidth²)) at the centres t within reach of x, and the index of the first of them.
    fn kernel(&self, x: f64, bandwidth: f64) -> (usize, Vec<f64>) {
        // Casts saturate: what is off the grid reaches no cell.
        let place =
            |t: f64| ((t - self.low) / self.width() - 0.5).ceil().min(self.cells as f64) as usize;
        let first = place(x - KERNEL_REACH * bandwidth);
        let values = (first..place(x + KERNEL_REACH * bandwidth))
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
