//! The hidden regions of images.

use std::ops::Range;

use burn::tensor::Tensor;

/// The part of an image that inpainting hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mask {
    /// The lower half.
    Bottom,
    /// The upper half.
    Top,
    /// The left half.
    Left,
    /// The right half.
    Right,
    /// A square in the middle, with half the side of the image.
    Centre,
}

/// The hidden rows and columns.
pub(super) struct Region {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Mask {
    /// Returns the hidden region of images with this side; `None` if nothing would be hidden.
    pub(super) fn region(self, side: usize) -> Option<Region> {
        let half = side / 2;
        let (all, low, high) = (0..side, 0..half, side - half..side);
        let middle = (side - half) / 2..(side - half) / 2 + half;
        let (rows, columns) = match self {
            Self::Bottom => (high, all),
            Self::Top => (low, all),
            Self::Left => (all, low),
            Self::Right => (all, high),
            Self::Centre => (middle.clone(), middle),
        };
        (half > 0).then_some(Region { rows, columns })
    }
}

impl Region {
    /// Returns the hidden pixels of `filled`, surrounded by the pixels of `data`, bit by bit.
    ///
    /// # Shapes
    /// - `filled`, `data`, output: `[batch, channels, height, width]`
    pub(super) fn paste(&self, filled: Tensor<4>, data: &Tensor<4>) -> Tensor<4> {
        let [batch, channels, ..] = data.dims();
        let region = [0..batch, 0..channels, self.rows.clone(), self.columns.clone()];
        data.clone().slice_assign(region, self.of(filled))
    }

    /// Returns the hidden pixels, `[batch, channels, rows, columns]`.
    pub(super) fn of(&self, images: Tensor<4>) -> Tensor<4> {
        let [batch, channels, ..] = images.dims();
        images.slice([0..batch, 0..channels, self.rows.clone(), self.columns.clone()])
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn masks_hide_what_they_say() {
        let shown = |mask: Mask, side: usize| -> Option<Vec<u8>> {
            let ones = Tensor::<4>::ones([1, 1, side, side], &Device::flex());
            let seen = mask.region(side)?.paste(ones.zeros_like(), &ones);
            Some(seen.into_data().iter::<u8>().collect())
        };
        assert_eq!(shown(Mask::Bottom, 3), Some(vec![1, 1, 1, 1, 1, 1, 0, 0, 0]));
        assert_eq!(shown(Mask::Top, 3), Some(vec![0, 0, 0, 1, 1, 1, 1, 1, 1]));
        assert_eq!(shown(Mask::Left, 2), Some(vec![0, 1, 0, 1]));
        assert_eq!(shown(Mask::Right, 2), Some(vec![1, 0, 1, 0]));
        assert_eq!(shown(Mask::Centre, 3), Some(vec![1, 1, 1, 1, 0, 1, 1, 1, 1]));
        let framed = [1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1];
        assert_eq!(shown(Mask::Centre, 4), Some(framed.to_vec()));
        assert_eq!(shown(Mask::Bottom, 1), None);
    }
}
