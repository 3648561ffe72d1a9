//! The interface between a plan and the methods that compute its convolutions.

use pulp::Arch;

use crate::buffer::Buffer;

/// A method of computing one convolution of a network.
///
/// Gradients with respect to the output, `dz`, are those with respect to the pre-activations: the
/// sums that enter the LeakyReLU.
pub(crate) trait Convolution: std::fmt::Debug + Send + Sync {
    /// Grows the scratch buffers to the size that `forward` and `backward` need.
    fn reserve(&self, scratch: &mut Scratch);

    /// Computes y = LeakyReLU(conv(x) + bias).
    fn forward(&self, pass: Pass, x: Pixels<&[f32]>, y: Pixels<&mut [f32]>, scratch: &mut Scratch);

    /// Computes dx, the gradient with respect to the input.
    fn backward(
        &self,
        pass: Pass,
        dz: Pixels<&[f32]>,
        dx: Pixels<&mut [f32]>,
        scratch: &mut Scratch,
    );

    /// Returns the length of the weight gradient in this method's own layout.
    fn gradient_len(&self) -> usize;

    /// Adds the weight gradient to `sum`.
    fn accumulate(
        &self,
        pass: Pass,
        x: Pixels<&[f32]>,
        dz: Pixels<&[f32]>,
        sum: &mut [f32],
        scratch: &mut Scratch,
    );

    /// Converts an accumulated weight gradient to the layout of [`Layer::weight`](crate::Layer).
    fn finish(&self, sum: &[f32]) -> Vec<f32>;

    /// Returns the multiply-adds of one image's forward pass.
    fn multiply_adds(&self) -> usize;
}

/// The parameters that all convolutions of one pass share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    pub(crate) arch: Arch,
    pub(crate) samples: usize,
    pub(crate) slope: f32,
}

/// The images in a buffer: `[sample, pixel, channel]`, except for the network's input, which is
/// `[sample, channel, pixel]`.
#[derive(Debug)]
pub(crate) struct Pixels<T> {
    pub(crate) data: T,
    /// The offset of the first image.
    pub(crate) first: usize,
    /// The offset of the pixel that represents all positions outside the images: it holds zeros
    /// where pixels are read; where they are written, it is never read again.
    pub(crate) outside: usize,
}

impl Pixels<&mut [f32]> {
    pub(crate) fn reborrow(&mut self) -> Pixels<&mut [f32]> {
        Pixels { data: &mut *self.data, first: self.first, outside: self.outside }
    }
}

/// The factors and the results of a convolution's matrix products.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) left: Buffer,
    pub(crate) right: Buffer,
}
