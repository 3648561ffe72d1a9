//! What can be wrong with an array of NumPy's or MATLAB's.

use std::io;

use thiserror::Error;

use crate::npy::NpyError;

/// Why an array is not one of images or of labels.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArrayProblem {
    /// Not an array at all.
    #[error("{0}")]
    Npy(#[from] NpyError),

    /// Neither `images` nor what Keras calls them.
    #[error(
        "is not there: expected `images` and `labels`, or `x_train`, `y_train`, `x_test`, `y_test`"
    )]
    Absent,

    /// Dimensions that images do not have, or that can be read in two ways.
    #[error(
        "is {dims:?}, expected [count, height, width], or with 1 or 3 channels before or after height and \
         width, not both"
    )]
    Images {
        /// The dimensions.
        dims: Vec<usize>,
    },

    /// Dimensions that labels do not have.
    #[error("is {dims:?}, expected [count]")]
    Labels {
        /// The dimensions.
        dims: Vec<usize>,
    },

    /// Numbers that pixels are not.
    #[error(
        "has integers of more than a byte or with a sign, expected |u1 (0 to 255) or <f4 (−1 to 1)"
    )]
    NotPixels,

    /// Anything but bytes.
    #[error("has other elements, expected |u1")]
    NotBytes,

    /// Numbers that labels are not.
    #[error("has floating-point numbers, expected integers")]
    NotLabels,

    /// A number outside of the range of images.
    #[error("has {value} at element {index}, expected −1 to 1 of floating-point pixels")]
    Range {
        /// The element, in the file's order.
        index: usize,
        /// Its value.
        value: f32,
    },

    /// A label that does not fit a byte.
    #[error("has a label of image {index} outside of 0 to 255")]
    Label {
        /// The image, counted from 0.
        index: usize,
    },
}

/// Why a file is not MATLAB's with images and classes in it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MatError {
    /// Another format, or another version of it.
    #[error("does not begin as a MATLAB 5 file, little-endian")]
    Magic,

    /// The file ends before an element does.
    #[error("is cut short or broken ({cause})")]
    Broken {
        /// The decoder's reason.
        cause: io::Error,
    },

    /// An element that is no matrix of numbers of the expected type.
    #[error("holds {found} where {expected} should be")]
    Form {
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },

    /// A matrix of other dimensions.
    #[error("`{name}` is {found:?}, expected {expected:?}")]
    Dimensions {
        /// The matrix.
        name: &'static str,
        /// As in the file.
        found: Vec<u32>,
        /// As in the catalogue.
        expected: Vec<usize>,
    },

    /// A matrix is not in the file.
    #[error("holds no matrix `{name}`")]
    Absent {
        /// Its name.
        name: &'static str,
    },

    /// A class that is none.
    #[error("the class of image {index} is {found}, expected 1 to {classes}")]
    Class {
        /// The image, counted from 0.
        index: usize,
        /// Its class.
        found: f64,
        /// The number of classes.
        classes: u16,
    },
}
