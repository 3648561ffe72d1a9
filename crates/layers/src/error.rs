//! What can be wrong with the description of a network.

/// A network's configuration that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A size, count or stride that no network has.
    #[error("{field} is {given}; it must be in 1..={limit}")]
    Count {
        /// The field, as written in a recipe.
        field: String,
        /// The value given.
        given: usize,
        /// The largest value allowed.
        limit: usize,
    },
    /// A number outside its range.
    #[error("{field} is {given}; it must be {expected}")]
    OutOfRange {
        /// The field, as written in a recipe.
        field: String,
        /// The value given, as text.
        given: String,
        /// The range.
        expected: &'static str,
    },
    /// A layer larger than any memory.
    #[error("{field} has {given} {what} (for each image, or in all); at most {limit} are allowed")]
    TooLarge {
        /// The layer, as written in a recipe.
        field: String,
        /// What there is too much of.
        what: &'static str,
        /// How much, saturated.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// A network without a layer.
    #[error("{field} is empty; at least one layer is needed")]
    NoLayers {
        /// The field, as written in a recipe.
        field: String,
    },
    /// A key that a network needs is not there.
    #[error("energy.{key} is missing; network \"{network}\" needs it")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// The network.
        network: &'static str,
    },
    /// A network that takes no condition.
    #[error("network \"{network}\" takes no condition; use \"conv\", or leave out [condition]")]
    Unconditional {
        /// The network.
        network: &'static str,
    },
    /// A key that belongs to another network.
    #[error("energy.{key} is not a key of network \"{network}\"; leave it out")]
    ForeignKey {
        /// The key.
        key: &'static str,
        /// The network.
        network: &'static str,
    },
}

/// Beyond every published network, and small enough that sizes computed from it do not overflow.
const LARGEST_COUNT: usize = 1 << 14;

/// One gigabyte of single-precision numbers.
const LARGEST_PRODUCT: usize = 1 << 28;

impl NetworkError {
    /// `Ok` if the product of `sizes`, the number of a layer's weights or activations, is possible.
    ///
    /// # Errors
    /// [`NetworkError::TooLarge`], naming `field`.
    pub fn check_product(field: String, what: &'static str, sizes: &[usize]) -> Result<(), Self> {
        let given = sizes.iter().copied().fold(1, usize::saturating_mul);
        if given <= LARGEST_PRODUCT {
            Ok(())
        } else {
            Err(Self::TooLarge { field, what, given, limit: LARGEST_PRODUCT })
        }
    }

    /// `Ok` if `value` is a possible size, count or stride.
    ///
    /// # Errors
    /// [`NetworkError::Count`], naming `field`.
    pub fn check_count(field: impl Into<String>, value: usize) -> Result<(), Self> {
        if (1..=LARGEST_COUNT).contains(&value) {
            Ok(())
        } else {
            Err(Self::Count { field: field.into(), given: value, limit: LARGEST_COUNT })
        }
    }

    /// `Ok` if `ok`, which says whether `value` is `expected`.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`], naming `field`.
    pub fn check_range(
        field: &str,
        value: f64,
        ok: bool,
        expected: &'static str,
    ) -> Result<(), Self> {
        if ok {
            Ok(())
        } else {
            Err(Self::OutOfRange { field: field.into(), given: value.to_string(), expected })
        }
    }
}
