//! Why a measure cannot be computed.

use thiserror::Error;

/// Why a measure of a set cannot be computed.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MetricsError {
    /// Numbers that do not fill rows.
    #[error("{found} numbers do not fill rows of {dim}")]
    Ragged {
        /// How many numbers there are.
        found: usize,
        /// The length of a row.
        dim: usize,
    },

    /// A number that no measure can use.
    #[error("row {row} holds {value}, expected finite numbers: the samples have run away")]
    NotFinite {
        /// The row's index.
        row: usize,
        /// NaN or ±∞.
        value: f32,
    },

    /// Sets of which the rows have other lengths.
    #[error("rows of {found} features cannot be compared with rows of {expected}")]
    Dimension {
        /// The length of a row of the one set.
        found: usize,
        /// The length of a row of the other.
        expected: usize,
    },

    /// Too few rows.
    #[error("{measure} needs {least} rows or more, found {found}: {reason}")]
    TooFew {
        /// What was asked for.
        measure: &'static str,
        /// Rows there are.
        found: usize,
        /// Rows there must be.
        least: usize,
        /// Why, and what helps.
        reason: String,
    },

    /// A row that is no distribution over classes.
    #[error("row {row} is no distribution: {problem}; expected numbers of 0 or more that sum to 1")]
    NotADistribution {
        /// The row's index.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },

    /// Images that cannot be compared.
    #[error(
        "images of the shape {found:?} cannot be compared with images of the shape {expected:?}"
    )]
    Shape {
        /// The images' shape.
        found: [usize; 4],
        /// The reference's shape.
        expected: [usize; 4],
    },

    /// Images smaller than the window that goes over them.
    #[error("images of {height} × {width} are smaller than the window of {window} × {window}")]
    Window {
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
        /// Side of the window.
        window: usize,
    },

    /// A number out of its range.
    #[error("{name} is {given}, expected {expected}")]
    Range {
        /// Which number.
        name: &'static str,
        /// What was given.
        given: String,
        /// What would do.
        expected: &'static str,
    },
}

impl MetricsError {
    /// [`TooFew`](Self::TooFew) unless there are `least` rows or more.
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

    /// [`Dimension`](Self::Dimension) unless rows are of one length.
    pub(crate) fn check_dim(found: usize, expected: usize) -> Result<(), Self> {
        if found != expected {
            return Err(Self::Dimension { found, expected });
        }
        Ok(())
    }

    /// [`Range`](Self::Range) unless it is `ok`.
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
