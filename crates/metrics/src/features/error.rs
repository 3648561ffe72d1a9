//! Errors of feature networks.

use ebm_files::FileError;
use thiserror::Error;

/// Why there are no features.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// Images that a network cannot look at.
    #[error("{network} was given images of shape {given:?}, expected {expected}")]
    Images {
        /// The network's name.
        network: String,
        /// `[n, channels, height, width]`.
        given: [usize; 4],
        /// What the network takes.
        expected: &'static str,
    },

    /// A file of weights that cannot be read.
    #[error(transparent)]
    File(#[from] FileError),

    /// A file that is not one of weights, or is cut.
    #[error(
        "{path} is no file of weights, or is cut (safetensors or PyTorch's .pth expected): {problem}"
    )]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },

    /// A tensor that the network has and the file has not.
    #[error(
        "{path} has no tensor {tensor} of shape {expected:?}: are these the weights of another network?"
    )]
    Missing {
        /// The file.
        path: String,
        /// The tensor's name.
        tensor: String,
        /// The shape that it should have.
        expected: Vec<usize>,
    },

    /// A tensor of another shape.
    #[error(
        "{path}: tensor {tensor} has shape {given:?}, expected {expected:?}: are these the weights of another network?"
    )]
    Shape {
        /// The file.
        path: String,
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        given: Vec<usize>,
        /// The shape that it should have.
        expected: Vec<usize>,
    },

    /// A tensor whose numbers are no weights.
    #[error("{path}: tensor {tensor} {problem}")]
    Numbers {
        /// The file.
        path: String,
        /// The tensor's name.
        tensor: String,
        /// What is wrong.
        problem: String,
    },
}
