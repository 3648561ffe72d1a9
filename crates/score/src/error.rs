//! What a network can be refused for.

/// A network that no plan can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// An array has not as many elements as its shape.
    #[error("{name} has {given} elements; its shape asks for {expected}")]
    Length {
        /// The array.
        name: String,
        /// Elements given.
        given: usize,
        /// Elements expected.
        expected: usize,
    },
    /// A number that must be positive is zero, or the sizes overflow.
    #[error(
        "{name}: {value} is not possible; every size must be at least 1 and their product must fit memory"
    )]
    Size {
        /// The number.
        name: String,
        /// Its value.
        value: usize,
    },
    /// The negative slope is not in `[0, 1)`.
    #[error("the negative slope must be in [0, 1); {0} was given")]
    Slope(String),
    /// A kernel is larger than its padded input.
    #[error(
        "layer {layer}: a kernel of {kernel} does not fit an input of {padded} (padding included)"
    )]
    Kernel {
        /// The layer, from 0.
        layer: usize,
        /// The kernel's side.
        kernel: usize,
        /// The shorter side of the padded input.
        padded: usize,
    },
    /// There is no convolution.
    #[error("a network needs at least one convolution")]
    NoLayers,
}
