//! The sizes of a convolution.

/// The sizes of a convolution, validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) channels_in: usize,
    pub(crate) height_in: usize,
    pub(crate) width_in: usize,
    pub(crate) channels_out: usize,
    pub(crate) height_out: usize,
    pub(crate) width_out: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) top: usize,
    pub(crate) left: usize,
}

impl Geometry {
    pub(crate) fn pixels_in(&self) -> usize {
        self.height_in * self.width_in
    }

    pub(crate) fn pixels_out(&self) -> usize {
        self.height_out * self.width_out
    }

    /// Returns the multiply-adds of the convolution of one image, computed directly.
    pub(crate) fn multiply_adds(&self) -> usize {
        self.pixels_out() * self.kernel * self.kernel * self.channels_in * self.channels_out
    }
}
