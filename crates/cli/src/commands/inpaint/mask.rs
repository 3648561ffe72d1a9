//! Parts of images that are hidden.

use std::ops::Range;

use burn::tensor::Tensor;
use clap::ValueEnum;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mask {
    Bottom,
    Top,
    Left,
    Right,
    Centre,
}

/// Rows and columns that are hidden.
pub(super) struct Hidden {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Mask {
    /// Of images of this side; `None` if nothing would be hidden.
    pub(super) fn hidden(self, side: usize) -> Option<Hidden> {
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
        (half > 0).then_some(Hidden { rows, columns })
    }
}

impl Hidden {
    /// The hidden pixels of `filled`, and around them those of `data`, bit by bit.
    ///
    /// # Shapes
    /// - `filled`, `data`, output: `[batch, channels, height, width]`
    pub(super) fn paste(&self, filled: Tensor<4>, data: &Tensor<4>) -> Tensor<4> {
        let [batch, channels, ..] = data.dims();
        let place = [0..batch, 0..channels, self.rows.clone(), self.columns.clone()];
        data.clone().slice_assign(place, self.of(filled))
    }

    /// The hidden pixels, `[batch, channels, rows, columns]`.
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
            let seen = mask.hidden(side)?.paste(ones.zeros_like(), &ones);
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
