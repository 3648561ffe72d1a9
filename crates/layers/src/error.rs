//! Descriptions of networks that cannot be built.

use ebm_tensor::ImageShape;

/// A description of a network that cannot be built.
///
/// Fields are named by their path within the configuration that was checked, such as
/// `layers[0].kernel`; code that holds this configuration in a larger one prefixes the path with
/// [`within`](Self::within).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A size, count or stride that no network has.
    #[error("{field} is {given}; it must be in 1..={limit}")]
    Count {
        /// The path of the field.
        field: String,
        /// The value of the field.
        given: usize,
        /// The largest value allowed.
        limit: usize,
    },
    /// A value outside its range.
    #[error("{field} is {given}; it must be {expected}")]
    OutOfRange {
        /// The path of the field.
        field: String,
        /// The value of the field, as text.
        given: String,
        /// The range.
        expected: &'static str,
    },
    /// A layer larger than any memory.
    #[error("{field} has {given} {what} (for each image, or in all); at most {limit} are allowed")]
    TooLarge {
        /// The path of the layer.
        field: String,
        /// The name of the quantity that is too large, such as weights.
        what: &'static str,
        /// The value of the quantity, saturated.
        given: usize,
        /// The largest number allowed.
        limit: usize,
    },
    /// A network without a layer.
    #[error("{field} is empty; at least one layer is needed")]
    NoLayers {
        /// The path of the list of layers.
        field: String,
    },
    /// A key that a network needs is missing.
    #[error("{field} is missing; network \"{network}\" needs it")]
    MissingKey {
        /// The path of the key.
        field: String,
        /// The network.
        network: &'static str,
    },
    /// A key that belongs to another network.
    #[error("{field} is not a key of network \"{network}\"; leave it out")]
    ForeignKey {
        /// The path of the key.
        field: String,
        /// The network.
        network: &'static str,
    },
    /// A condition for a network that takes none.
    #[error("network \"{network}\" takes no condition; use \"conv\", or leave the condition out")]
    Unconditional {
        /// The network.
        network: &'static str,
    },
    /// A shape of images that does not fit the network.
    #[error("the images are {given}; they must have {expected}")]
    Images {
        /// The shape of the images.
        given: ImageShape,
        /// The shapes or conditions that fit the network.
        expected: &'static str,
    },
    /// A condition that does not fit the network.
    #[error("the condition is {given}; it must be {expected}")]
    Condition {
        /// The condition, as text.
        given: String,
        /// The shapes or conditions that fit the network.
        expected: &'static str,
    },
}

/// One gigabyte of single-precision numbers.
const LARGEST_PRODUCT: usize = 1 << 28;

impl NetworkError {
    /// Beyond every published network, and small enough that sizes computed from it do not
    /// overflow.
    pub(crate) const LARGEST_COUNT: usize = 1 << 14;

    /// Prefixes the path of the field with `section`, the name of the checked configuration in a
    /// larger one.
    ///
    /// ```
    /// use ebm_layers::{ConvLayer, NetworkError};
    ///
    /// let layers = [ConvLayer { channels: 8, kernel: 0, stride: 1 }];
    /// let error = ConvLayer::check_all(&layers).expect_err("a kernel without pixels");
    /// assert_eq!(error.to_string(), "layers[0].kernel is 0; it must be in 1..=16384");
    /// let error = error.within("encoder").within("vae");
    /// assert_eq!(error.to_string(), "vae.encoder.layers[0].kernel is 0; it must be in 1..=16384");
    /// ```
    #[must_use]
    pub fn within(mut self, section: &str) -> Self {
        match &mut self {
            Self::Count { field, .. }
            | Self::OutOfRange { field, .. }
            | Self::TooLarge { field, .. }
            | Self::NoLayers { field }
            | Self::MissingKey { field, .. }
            | Self::ForeignKey { field, .. } => *field = format!("{section}.{field}"),
            Self::Unconditional { .. } | Self::Images { .. } | Self::Condition { .. } => {}
        }
        self
    }

    /// Checks that the product of `sizes`, the number of a layer's weights or activations, is
    /// possible.
    ///
    /// # Errors
    /// [`NetworkError::TooLarge`], naming `field`.
    pub fn check_product(
        field: impl Into<String>,
        what: &'static str,
        sizes: &[usize],
    ) -> Result<(), Self> {
        let given = sizes.iter().copied().fold(1, usize::saturating_mul);
        if given <= LARGEST_PRODUCT {
            Ok(())
        } else {
            Err(Self::TooLarge { field: field.into(), what, given, limit: LARGEST_PRODUCT })
        }
    }

    /// Checks that `value` is a possible size, count or stride.
    ///
    /// # Errors
    /// [`NetworkError::Count`], naming `field`.
    pub fn check_count(field: impl Into<String>, value: usize) -> Result<(), Self> {
        if (1..=Self::LARGEST_COUNT).contains(&value) {
            Ok(())
        } else {
            Err(Self::Count { field: field.into(), given: value, limit: Self::LARGEST_COUNT })
        }
    }

    /// Checks that `ok` holds, the condition that `value` is `expected`.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`], naming `field`.
    pub fn check_range(
        field: impl Into<String>,
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

    /// Checks that images have channels and pixels, and no more of them than any network.
    ///
    /// # Errors
    /// [`NetworkError::Images`].
    pub fn check_image(image: ImageShape) -> Result<(), Self> {
        let possible = |count| (1..=Self::LARGEST_COUNT).contains(&count);
        if possible(image.channels) && possible(image.side) {
            Ok(())
        } else {
            let expected = "1 to 16384 channels, and as many pixels a side";
            Err(Self::Images { given: image, expected })
        }
    }
}
