//! Sets of feature vectors on the host: what distances of sets are computed from.

use burn::tensor::Tensor;

use crate::MetricsError;

/// Rows of one length, each the features of one sample: finite, in single precision, as networks give them.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureSet {
    dim: usize,
    values: Vec<f32>,
}

impl FeatureSet {
    /// Rows of length `dim`, one after another in `values`.
    ///
    /// # Errors
    /// [`MetricsError::Ragged`] unless the values fill rows of one number or more;
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

    /// The rows of a tensor; of images, their pixels.
    ///
    /// # Shapes
    /// - `rows`: `[n, …]`; what follows the first dimension is one row
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_tensor<const D: usize>(rows: Tensor<D>) -> Result<Self, MetricsError> {
        let dim = rows.dims()[1..].iter().product();
        Self::new(dim, ebm_tensor::values(rows))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Features of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All numbers, row by row, `[len, dim]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Each row.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim)
    }

    /// The rows of these indices, in their order.
    ///
    /// # Panics
    /// If an index is not below [`len`](Self::len).
    pub fn select(&self, indices: &[usize]) -> Self {
        let row = |&index: &usize| &self.values[index * self.dim..][..self.dim];
        Self { dim: self.dim, values: indices.iter().flat_map(row).copied().collect() }
    }

    /// Adds the rows of another set at the end.
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
    fn what_is_no_set() {
        let ragged = |found, dim| Err(MetricsError::Ragged { found, dim });
        assert_eq!(FeatureSet::new(2, vec![0.0; 3]), ragged(3, 2));
        assert_eq!(FeatureSet::new(0, vec![]), ragged(0, 0));
        let infinite = FeatureSet::new(2, vec![0.0, 1.0, 2.0, f32::INFINITY]);
        assert_eq!(infinite, Err(MetricsError::NotFinite { row: 1, value: f32::INFINITY }));
    }
}
