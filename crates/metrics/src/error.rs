//! Errors of the measures.

use thiserror::Error;

/// The reason why a measure of a set cannot be computed.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MetricsError {
    /// The values do not fill whole rows.
    #[error("{found} numbers do not fill rows of {dim}")]
    Ragged {
        /// The number of values.
        found: usize,
        /// The length of a row.
        dim: usize,
    },

    /// A value is NaN or infinite.
    #[error("row {row} holds {value}, expected finite numbers: the samples have diverged")]
    NotFinite {
        /// The row's index.
        row: usize,
        /// The value, NaN or ±∞.
        value: f32,
    },

    /// The rows of the two sets have different lengths.
    #[error("rows of {found} features cannot be compared with rows of {expected}")]
    Dimension {
        /// The length of a row of one set.
        found: usize,
        /// The length of a row of the other set.
        expected: usize,
    },

    /// A set has too few rows.
    #[error("{measure} needs {least} rows or more, found {found}: {reason}")]
    TooFew {
        /// The measure.
        measure: &'static str,
        /// The number of rows.
        found: usize,
        /// The smallest number of rows that suffices.
        least: usize,
        /// The reason and a remedy.
        reason: String,
    },

    /// A row is not a distribution over classes.
    #[error(
        "row {row} is not a distribution: {problem}; expected numbers of 0 or more that sum to 1"
    )]
    NotADistribution {
        /// The row's index.
        row: usize,
        /// The problem.
        problem: String,
    },

    /// The images and the reference have different shapes.
    #[error(
        "images of the shape {found:?} cannot be compared with images of the shape {expected:?}"
    )]
    Shape {
        /// The shape of the images.
        found: [usize; 4],
        /// The shape of the reference.
        expected: [usize; 4],
    },

    /// The images are smaller than the sliding window.
    #[error("images of {height} × {width} are smaller than the window of {window} × {window}")]
    Window {
        /// The height of an image.
        height: usize,
        /// The width of an image.
        width: usize,
        /// The side of the window.
        window: usize,
    },

    /// A parameter is out of range.
    #[error("{name} is {given}, expected {expected}")]
    Range {
        /// The parameter.
        name: &'static str,
        /// The value given.
        given: String,
        /// The range.
        expected: &'static str,
    },
}

impl MetricsError {
    /// Returns [`TooFew`](Self::TooFew) unless there are at least `least` rows.
    pub(crate) fn check_rows(
        measure: &'static str,
        found: usize,
        least: usize,
        reason: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if found < least {
            return Err(Self::TooFew { measure, found, least, reason: reason() });
        }
        Ok(())
    }

    /// Returns [`Dimension`](Self::Dimension) unless the rows have the same length.
    pub(crate) fn check_dim(found: usize, expected: usize) -> Result<(), Self> {
        if found != expected {
            return Err(Self::Dimension { found, expected });
        }
        Ok(())
    }

    /// Returns [`Range`](Self::Range) unless `ok`.
    pub(crate) fn check_range(
        name: &'static str,
        given: impl ToString,
        ok: bool,
        expected: &'static str,
    ) -> Result<(), Self> {
        if !ok {
            return Err(Self::Range { name, given: given.to_string(), expected });
        }
        Ok(())
    }
}
