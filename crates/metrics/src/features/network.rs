//! The trait of feature networks.

use burn::tensor::Tensor;

use super::error::FeatureError;

/// A fixed map from images to feature vectors. Weights and images must be on the same device.
pub trait FeatureNetwork {
    /// Returns the network's name in reports.
    fn name(&self) -> &str;

    /// Returns the length of a feature vector.
    fn dim(&self) -> usize;

    /// Computes the feature vectors of images.
    ///
    /// # Shapes
    /// - `images`: `[n, channels, height, width]` in [−1, 1]
    /// - output: `[n, dim]`
    ///
    /// # Errors
    /// Returns [`FeatureError::Images`] if the network does not accept images of this shape.
    fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError>;

    /// Computes the probabilities of the classes that the network was trained to distinguish;
    /// `None` for a network without classes.
    ///
    /// # Shapes
    /// - `images`: `[n, channels, height, width]` in [−1, 1]
    /// - output: `[n, classes]`, rows that sum to 1
    ///
    /// # Errors
    /// The errors of [`features`](Self::features).
    fn probabilities(&self, images: Tensor<4>) -> Result<Option<Tensor<2>>, FeatureError>;
}
