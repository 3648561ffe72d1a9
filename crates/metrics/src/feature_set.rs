//! Sets of feature vectors on the host.

use burn::tensor::Tensor;

use crate::MetricsError;

/// The feature vectors of a set of samples, one per row: finite values in single precision.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureSet {
    dim: usize,
    values: Vec<f32>,
}

impl FeatureSet {
    /// Creates a set from contiguous rows of length `dim`.
    ///
    /// # Errors
    /// [`MetricsError::Ragged`] unless the values fill whole, non-empty rows;
    /// [`MetricsError::NotFinite`].
    pub fn new(dim: usize, values: Vec<f32>) -> Result<Self, MetricsError> {
        if dim == 0 || !values.len().is_multiple_of(dim) {
            return Err(MetricsError::Ragged { found: values.len(), dim });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(MetricsError::NotFinite { row: at / dim, value: values[at] }),
            None => Ok(Self { dim, values }),
        }
    }

    /// Reads the rows of a tensor; those of images are their pixels.
    ///
    /// # Shapes
    /// - `rows`: `[n, …]`; all dimensions but the first are flattened to a row
    ///
    /// # Errors
    /// The errors of [`new`](Self::new).
    pub fn from_tensor<const D: usize>(rows: Tensor<D>) -> Result<Self, MetricsError> {
        let dim = rows.dims()[1..].iter().product();
        Self::new(dim, ebm_tensor::values(rows))
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns the number of features of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns all values in row-major order, `[len, dim]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Iterates over the rows.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim)
    }

    /// Returns the rows with the given indices, in the order of the indices.
    ///
    /// # Panics
    /// If an index is not below [`len`](Self::len).
    pub fn select(&self, indices: &[usize]) -> Self {
        let row = |&index: &usize| &self.values[index * self.dim..][..self.dim];
        Self { dim: self.dim, values: indices.iter().flat_map(row).copied().collect() }
    }

    /// Appends the rows of another set.
    ///
    /// # Errors
    /// [`MetricsError::Dimension`].
    pub fn append(&mut self, other: &Self) -> Result<(), MetricsError> {
        MetricsError::check_dim(other.dim, self.dim)?;
        self.values.extend_from_slice(&other.values);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn rows_of_a_tensor() {
        let images = Tensor::<1>::from_data([1.0_f32, 2.0, 3.0, 4.0], &Device::flex());
        let mut set = FeatureSet::from_tensor(images.reshape([2, 1, 2, 1])).unwrap();
        assert_eq!((set.len(), set.dim(), set.values()), (2, 2, &[1.0, 2.0, 3.0, 4.0][..]));
        assert_eq!(set.select(&[1, 0, 1]).values(), [3.0, 4.0, 1.0, 2.0, 3.0, 4.0]);
        set.append(&FeatureSet::new(2, vec![5.0, 6.0]).unwrap()).unwrap();
        assert_eq!(set.rows().last(), Some(&[5.0, 6.0][..]));
        let narrow = FeatureSet::new(1, vec![5.0, 6.0]).unwrap();
        assert_eq!(set.append(&narrow), Err(MetricsError::Dimension { found: 1, expected: 2 }));
    }

    #[test]
    fn invalid_values_are_refused() {
        let ragged = |found, dim| Err(MetricsError::Ragged { found, dim });
        assert_eq!(FeatureSet::new(2, vec![0.0; 3]), ragged(3, 2));
        assert_eq!(FeatureSet::new(0, vec![]), ragged(0, 0));
        let infinite = FeatureSet::new(2, vec![0.0, 1.0, 2.0, f32::INFINITY]);
        assert_eq!(infinite, Err(MetricsError::NotFinite { row: 1, value: f32::INFINITY }));
    }
}
