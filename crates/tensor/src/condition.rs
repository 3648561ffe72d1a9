//! The condition c of a conditional model p(x | c): a class or an image.

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};

use crate::{ImageShape, values};

/// A batch of conditions, one for each image.
#[derive(Clone, Debug)]
pub enum Condition {
    /// One-hot classes, `[batch, classes]`.
    Class(Tensor<2>),
    /// A batch of images, `[batch, channels, side, side]`.
    Image(Tensor<4>),
}

/// The shape of one condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionShape {
    /// One of `classes` classes.
    Class {
        /// The number of classes.
        classes: usize,
    },
    /// An image.
    Image(ImageShape),
}

impl Condition {
    /// Encodes labels as one-hot classes. A label of `classes` or more becomes a row of zeros.
    pub fn one_hot(labels: &[u8], classes: usize, device: &Device) -> Self {
        let row = |label: &u8| {
            let label = usize::from(*label);
            (0..classes).map(move |class| if class == label { 1.0_f32 } else { 0.0 })
        };
        let values: Vec<f32> = labels.iter().flat_map(row).collect();
        Self::Class(Tensor::from_data(TensorData::new(values, [labels.len(), classes]), device))
    }

    /// Returns the class of each condition, if they are classes; 0 for a row of zeros.
    pub fn labels(&self) -> Option<Vec<usize>> {
        let Self::Class(one_hot) = self else { return None };
        let classes = one_hot.dims()[1];
        let class = |row: &[f32]| row.iter().position(|&x| x > 0.5).unwrap_or(0);
        Some(values(one_hot.clone()).chunks_exact(classes).map(class).collect())
    }

    /// Returns the number of conditions.
    pub fn len(&self) -> usize {
        match self {
            Self::Class(classes) => classes.dims()[0],
            Self::Image(images) => images.dims()[0],
        }
    }

    /// Returns whether the batch holds no condition.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the shape of one condition. Images are assumed to be square.
    pub fn shape(&self) -> ConditionShape {
        match self {
            Self::Class(classes) => ConditionShape::Class { classes: classes.dims()[1] },
            Self::Image(images) => {
                let [_, channels, side, _] = images.dims();
                ConditionShape::Image(ImageShape { channels, side })
            }
        }
    }

    /// Returns `count` conditions from index `start` on.
    ///
    /// # Panics
    /// If there are fewer than `start + count` conditions.
    pub fn narrow(self, start: usize, count: usize) -> Self {
        match self {
            Self::Class(classes) => Self::Class(classes.narrow(0, start, count)),
            Self::Image(images) => Self::Image(images.narrow(0, start, count)),
        }
    }

    /// Splits the batch into parts of `size` conditions; the last one may be smaller.
    pub fn split(self, size: usize) -> Vec<Self> {
        match self {
            Self::Class(classes) => classes.split(size, 0).into_iter().map(Self::Class).collect(),
            Self::Image(images) => images.split(size, 0).into_iter().map(Self::Image).collect(),
        }
    }

    /// Repeats the conditions cyclically until there are `count` of them.
    ///
    /// # Panics
    /// If there are none to repeat.
    pub fn cycle(self, count: usize) -> Self {
        let repeats = count.div_ceil(self.len());
        let repeated = match self {
            Self::Class(classes) => Self::Class(classes.repeat_dim(0, repeats)),
            Self::Image(images) => Self::Image(images.repeat_dim(0, repeats)),
        };
        repeated.narrow(0, count)
    }

    /// Shifts the conditions by one: each image gets the condition of the next one, the last image
    /// the first condition.
    pub fn shift(self) -> Self {
        match self {
            Self::Class(classes) => Self::Class(classes.roll_dim(-1, 0)),
            Self::Image(images) => Self::Image(images.roll_dim(-1, 0)),
        }
    }

    /// Concatenates two batches of the same kind.
    ///
    /// # Panics
    /// If one holds classes and the other images.
    pub fn concat(self, other: Self) -> Self {
        match (self, other) {
            (Self::Class(a), Self::Class(b)) => Self::Class(Tensor::cat(vec![a, b], 0)),
            (Self::Image(a), Self::Image(b)) => Self::Image(Tensor::cat(vec![a, b], 0)),
            (a, b) => panic!("conditions of two kinds: {} and {}", a.shape(), b.shape()),
        }
    }

    /// Returns the conditions as feature maps: images unchanged, classes as
    /// `[batch, classes, 1, 1]`.
    pub fn into_maps(self) -> Tensor<4> {
        match self {
            Self::Class(classes) => {
                let [batch, count] = classes.dims();
                classes.reshape([batch, count, 1, 1])
            }
            Self::Image(images) => images,
        }
    }
}

impl fmt::Display for ConditionShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class { classes } => write!(f, "one of {classes} classes"),
            Self::Image(shape) => write!(f, "an image of {shape}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_one_hot_rows() {
        let Condition::Class(c) = Condition::one_hot(&[2, 0, 9], 3, &Device::flex()) else {
            panic!("classes")
        };
        assert_eq!(values(c), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn rows_become_labels_again() {
        let device = Device::flex();
        assert_eq!(Condition::one_hot(&[2, 0, 1], 3, &device).labels(), Some(vec![2, 0, 1]));
        assert_eq!(Condition::Image(Tensor::zeros([2, 1, 4, 4], &device)).labels(), None);
    }

    #[test]
    fn batches_are_rearranged_row_by_row() {
        let device = Device::flex();
        let rows = |c: Condition| values(c.into_maps());
        let image = |numbers: &[f32]| {
            let flat = Tensor::<1>::from_data(numbers, &device);
            Condition::Image(flat.reshape([numbers.len(), 1, 1, 1]))
        };
        let c = image(&[1.0, 2.0, 3.0]);
        assert_eq!(c.shape(), ConditionShape::Image(ImageShape::new(1, 1)));
        assert_eq!(rows(c.clone().shift()), [2.0, 3.0, 1.0]);
        assert_eq!(rows(c.clone().cycle(5)), [1.0, 2.0, 3.0, 1.0, 2.0]);
        assert_eq!(rows(c.clone().narrow(1, 2)), [2.0, 3.0]);
        let parts: Vec<_> = c.clone().split(2).into_iter().map(rows).collect();
        assert_eq!(parts, [vec![1.0, 2.0], vec![3.0]]);
        assert_eq!(rows(c.concat(image(&[4.0]))), [1.0, 2.0, 3.0, 4.0]);
    }
}
