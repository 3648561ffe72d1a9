//! Errors of building a plan.

/// The reason why a plan cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The length of an array does not match its shape.
    #[error("{name} has {given} elements; its shape asks for {expected}")]
    Length {
        /// The array.
        name: String,
        /// The number of elements given.
        given: usize,
        /// The number of elements expected.
        expected: usize,
    },
    /// A size that must be positive is zero, or the sizes overflow.
    #[error(
        "{name}: {value} is not possible; every size must be at least 1 and their product must fit memory"
    )]
    Size {
        /// The size's name.
        name: String,
        /// The given value.
        value: usize,
    },
    /// The half width of the bend is negative or not finite.
    #[error("the half width of the bend must be 0 or more, and finite; {0} was given")]
    Bend(String),
    /// The negative slope is not in `[0, 1)`.
    #[error("the negative slope must be in [0, 1); {0} was given")]
    Slope(String),
    /// A kernel is larger than its padded input.
    #[error(
        "layer {layer}: a kernel of {kernel} does not fit an input of {padded} (padding included)"
    )]
    Kernel {
        /// The index of the layer.
        layer: usize,
        /// The side of the kernel.
        kernel: usize,
        /// The shorter side of the padded input.
        padded: usize,
    },
    /// The network has no convolution.
    #[error("a network needs at least one convolution")]
    NoLayers,
}
