//! Errors of the parameters of targets.

/// An error in the parameters of a target.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// A number outside its range.
    #[error("{parameter} is {given}; it must be {expected}")]
    OutOfRange {
        /// The parameter.
        parameter: &'static str,
        /// The value given.
        given: f64,
        /// The range.
        expected: &'static str,
    },
    /// A size or count below the smallest possible one.
    #[error("{parameter} is {given}; it must be at least {smallest}")]
    TooFew {
        /// The parameter.
        parameter: &'static str,
        /// The count given.
        given: usize,
        /// The smallest count allowed.
        smallest: usize,
    },
    /// A list whose length does not fit the other parameters.
    #[error("{parameter} has length {given}; the other parameters call for {expected}")]
    Length {
        /// The parameter, or one of its rows.
        parameter: &'static str,
        /// The length of the list.
        given: usize,
        /// The length that the other parameters imply.
        expected: usize,
    },
    /// A covariance that is not symmetric.
    #[error("the covariance is not symmetric: ({row}, {column}) is {given}, its mirror {mirror}")]
    NotSymmetric {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The entry.
        given: f64,
        /// The entry with row and column exchanged.
        mirror: f64,
    },
    /// A covariance that is not positive definite.
    #[error(
        "the covariance is not positive definite: pivot {row} of its Cholesky factor is {pivot}"
    )]
    NotPositiveDefinite {
        /// The row, from 0.
        row: usize,
        /// The pivot that should be positive.
        pivot: f64,
    },
}

impl TargetError {
    pub(crate) fn positive(parameter: &'static str, given: f64) -> Result<(), Self> {
        if given > 0.0 && given.is_finite() {
            Ok(())
        } else {
            Err(Self::OutOfRange { parameter, given, expected: "positive and finite" })
        }
    }

    pub(crate) fn finite(parameter: &'static str, given: f64) -> Result<(), Self> {
        if given.is_finite() {
            Ok(())
        } else {
            Err(Self::OutOfRange { parameter, given, expected: "finite" })
        }
    }

    pub(crate) fn at_least(
        parameter: &'static str,
        smallest: usize,
        given: usize,
    ) -> Result<(), Self> {
        if given >= smallest { Ok(()) } else { Err(Self::TooFew { parameter, given, smallest }) }
    }

    pub(crate) fn length(
        parameter: &'static str,
        expected: usize,
        given: usize,
    ) -> Result<(), Self> {
        if given == expected { Ok(()) } else { Err(Self::Length { parameter, given, expected }) }
    }
}
