//! Draws of one variable, and the trace of one of its coordinates.

/// The fewest draws per chain of which R̂, effective sample sizes and Monte-Carlo errors are
/// defined, as in ArviZ.
pub const MIN_DRAWS: usize = 4;

/// The draws of one variable, `[chain, draw, …]`; the axes after the second are those of the
/// variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    values: Vec<f64>,
    shape: Vec<usize>,
}

/// A reason for which values do not form [`Draws`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawsError {
    /// The shape lacks the axes of chains and draws.
    #[error("draws need a shape [chain, draw, …] of at least two axes, not {shape:?}")]
    Axes {
        /// The shape.
        shape: Vec<usize>,
    },
    /// The number of values is not the product of the shape.
    #[error("{values} values do not fill the shape {shape:?}")]
    Length {
        /// The number of values.
        values: usize,
        /// The shape.
        shape: Vec<usize>,
    },
    /// An axis is empty: that of chains, that of draws, or one of the variable.
    #[error("the shape {shape:?} has an empty axis")]
    Empty {
        /// The shape, `[chain, draw, …]`.
        shape: Vec<usize>,
    },
}

impl Draws {
    /// Creates draws from values in row-major order, those of the first chain first.
    ///
    /// # Shapes
    /// - `shape`: `[chain, draw, …]`
    ///
    /// # Errors
    /// [`DrawsError`] if the values do not fill the shape, or if there is no chain, no draw or no
    /// coordinate.
    pub fn new(values: Vec<f64>, shape: &[usize]) -> Result<Self, DrawsError> {
        check(values.len(), shape)?;
        Ok(Self { values, shape: shape.to_vec() })
    }

    /// Creates draws from values in the order of a run, with all chains of the first step first:
    /// the states that `observe` of [`run`](crate::run) sees, one after another, or the energies of
    /// [`Chains`](crate::Chains), `[steps, chains]`.
    ///
    /// # Shapes
    /// - `shape`: `[draw, chain, …]`
    ///
    /// # Errors
    /// The errors of [`Draws::new`].
    pub fn from_steps(values: &[f64], shape: &[usize]) -> Result<Self, DrawsError> {
        let mut chains_first = shape.to_vec();
        if shape.len() >= 2 {
            chains_first.swap(0, 1);
        }
        check(values.len(), &chains_first)?;
        let (draws, chains) = (shape[0], shape[1]);
        let size = values.len() / (draws * chains);
        let mut by_chain = Vec::with_capacity(values.len());
        for chain in 0..chains {
            for draw in 0..draws {
                let first = (draw * chains + chain) * size;
                by_chain.extend_from_slice(&values[first..first + size]);
            }
        }
        Ok(Self { values: by_chain, shape: chains_first })
    }

    /// Returns all values in row-major order.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the shape, `[chain, draw, …]`.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the number of chains.
    pub fn chains(&self) -> usize {
        self.shape[0]
    }

    /// Returns the number of draws per chain.
    pub fn draws(&self) -> usize {
        self.shape[1]
    }

    /// Returns the number of coordinates of a draw, 1 for a scalar.
    pub fn coordinates(&self) -> usize {
        self.shape[2..].iter().product()
    }

    /// Returns the coordinate with this flat index, row-major over the axes after chain and draw.
    ///
    /// # Panics
    /// If `index` is not below [`Draws::coordinates`].
    pub fn coordinate(&self, index: usize) -> Trace {
        let size = self.coordinates();
        assert!(index < size, "coordinate {index} of {size}");
        let values = self.values.iter().skip(index).step_by(size).copied().collect();
        Trace { values, draws: self.draws() }
    }

    /// Returns the indices along the axes of the variable that a flat index denotes, empty for a
    /// scalar.
    pub fn index(&self, flat: usize) -> Vec<usize> {
        let mut rest = flat;
        let mut index: Vec<usize> = self.shape[2..]
            .iter()
            .rev()
            .map(|axis| {
                let along = rest % axis;
                rest /= axis;
                along
            })
            .collect();
        index.reverse();
        index
    }
}

fn check(values: usize, shape: &[usize]) -> Result<(), DrawsError> {
    if shape.len() < 2 {
        return Err(DrawsError::Axes { shape: shape.to_vec() });
    }
    let size = shape.iter().try_fold(1_usize, |size, &axis| size.checked_mul(axis));
    if size != Some(values) {
        return Err(DrawsError::Length { values, shape: shape.to_vec() });
    }
    if shape.contains(&0) {
        return Err(DrawsError::Empty { shape: shape.to_vec() });
    }
    Ok(())
}

/// The draws of one coordinate in all chains, `[chain, draw]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    values: Vec<f64>,
    draws: usize,
}

impl Trace {
    /// Returns the draws of each chain.
    pub fn chains(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.draws)
    }

    /// Returns all draws, chain after chain.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the number of draws per chain.
    pub fn draws(&self) -> usize {
        self.draws
    }

    /// Returns the first and the last half of each chain as two chains; the middle one of an odd
    /// number of draws is left out.
    pub(super) fn split(&self) -> Self {
        let half = self.draws / 2;
        // The order of chains is irrelevant to every diagnostic.
        let values = self
            .chains()
            .flat_map(|chain| chain[..half].iter().chain(&chain[self.draws - half..]))
            .copied()
            .collect();
        Self { values, draws: half }
    }

    pub(super) fn map(&self, f: impl FnMut(f64) -> f64) -> Self {
        self.with_values(self.values.iter().copied().map(f).collect())
    }

    /// Returns other values in the same chains.
    pub(super) fn with_values(&self, values: Vec<f64>) -> Self {
        debug_assert_eq!(values.len(), self.values.len());
        Self { values, draws: self.draws }
    }

    pub(super) fn has_nan(&self) -> bool {
        self.values.iter().any(|x| x.is_nan())
    }

    /// Returns whether R̂, effective sample sizes and Monte-Carlo errors are undefined, because a
    /// draw is NaN or there are fewer than [`MIN_DRAWS`] per chain.
    pub(super) fn undefined(&self) -> bool {
        self.draws < MIN_DRAWS || self.has_nan()
    }

    #[cfg(test)]
    pub(super) fn unchecked(values: Vec<f64>, draws: usize) -> Self {
        Self { values, draws }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(shape: &[usize]) -> Draws {
        let size = shape.iter().product::<usize>();
        Draws::new((0..size).map(|i| i as f64).collect(), shape).expect("a valid shape")
    }

    #[test]
    fn coordinates_are_row_major() {
        let draws = counted(&[2, 5, 3, 2]);
        assert_eq!((draws.chains(), draws.draws(), draws.coordinates()), (2, 5, 6));
        let trace = draws.coordinate(3);
        let chains: Vec<_> = trace.chains().collect();
        assert_eq!(chains, [[3.0, 9.0, 15.0, 21.0, 27.0], [33.0, 39.0, 45.0, 51.0, 57.0]]);
        assert_eq!(draws.index(3), [1, 1]);
        assert_eq!(draws.index(4), [2, 0]);
        assert!(counted(&[1, 4]).index(0).is_empty());
    }

    #[test]
    fn steps_are_transposed() {
        // Step 10·t of chain c, coordinate k: 100·t + 10·c + k.
        let mut values = Vec::new();
        for t in 0..4 {
            for c in 0..3 {
                values.extend((0..2).map(|k| f64::from(100 * t + 10 * c + k)));
            }
        }
        let draws = Draws::from_steps(&values, &[4, 3, 2]).expect("a valid shape");
        assert_eq!(draws.shape(), [3, 4, 2]);
        let trace = draws.coordinate(1);
        assert_eq!(trace.chains().nth(2), Some(&[21.0, 121.0, 221.0, 321.0][..]));
    }

    #[test]
    fn splitting_drops_the_middle_of_an_odd_number() {
        let split = counted(&[2, 5]).coordinate(0).split();
        let halves: Vec<_> = split.chains().collect();
        assert_eq!(halves, [[0.0, 1.0], [3.0, 4.0], [5.0, 6.0], [8.0, 9.0]]);
    }

    #[test]
    fn wrong_shapes_are_named() {
        let new = |values: usize, shape: &[usize]| {
            Draws::new(vec![0.0; values], shape).expect_err("not draws").to_string()
        };
        assert_eq!(new(7, &[2, 4]), "7 values do not fill the shape [2, 4]");
        assert_eq!(
            new(4, &[4]),
            "draws need a shape [chain, draw, …] of at least two axes, not [4]"
        );
        assert_eq!(new(0, &[0, 4]), "the shape [0, 4] has an empty axis");
        assert_eq!(new(0, &[2, 4, 0]), "the shape [2, 4, 0] has an empty axis");
        assert_eq!(new(0, &[2, 0]), "the shape [2, 0] has an empty axis");
        assert!(new(6, &[usize::MAX, 7]).contains("do not fill"));
    }
}
