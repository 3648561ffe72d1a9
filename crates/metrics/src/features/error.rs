//! Errors of feature networks.

use ebm_files::FileError;
use thiserror::Error;

/// The reason why a feature network cannot be loaded or applied.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// The network does not accept images of this shape.
    #[error("{network} was given images of shape {given:?}, expected {expected}")]
    Images {
        /// The network's name.
        network: String,
        /// The shape of the images, `[n, channels, height, width]`.
        given: [usize; 4],
        /// The shape that the network accepts.
        expected: &'static str,
    },

    /// The file of weights cannot be read.
    #[error(transparent)]
    File(#[from] FileError),

    /// The file is not a file of weights, or is truncated.
    #[error(
        "{path} is not a file of weights, or is truncated (expected safetensors or PyTorch's .pth): {problem}"
    )]
    Format {
        /// The file.
        path: String,
        /// The problem.
        problem: String,
    },

    /// The file lacks a tensor of the network.
    #[error(
        "{path} has no tensor {tensor} of shape {expected:?}: are these the weights of another network?"
    )]
    Missing {
        /// The file.
        path: String,
        /// The tensor's name.
        tensor: String,
        /// The expected shape.
        expected: Vec<usize>,
    },

    /// A tensor has a wrong shape.
    #[error(
        "{path}: tensor {tensor} has shape {given:?}, expected {expected:?}: are these the weights of another network?"
    )]
    Shape {
        /// The file.
        path: String,
        /// The tensor's name.
        tensor: String,
        /// The shape of the given tensor.
        given: Vec<usize>,
        /// The expected shape.
        expected: Vec<usize>,
    },

    /// The values of a tensor cannot be weights.
    #[error("{path}: tensor {tensor} {problem}")]
    Numbers {
        /// The file.
        path: String,
        /// The tensor's name.
        tensor: String,
        /// The problem.
        problem: String,
    },
}
