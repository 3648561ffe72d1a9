//! The contribution of a condition: f(x, c) where c enters through a convolution of its own, added
//! to the sums of one layer. A chain holds c fixed, so this convolution is computed once for all
//! steps.

use crate::PlanError;
use crate::buffer::Buffer;
use crate::stage::Stage;

/// The values added to the pre-activations of one layer, before its LeakyReLU; different for each
/// sample.
#[derive(Debug)]
pub struct Addend {
    stage: usize,
    /// The number of floats of one sample.
    sample_len: usize,
    /// The values, `[sample, pixel, channel]`, channels padded.
    values: Buffer,
}

/// The addend of a block of samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Added<'a> {
    pub(crate) stage: usize,
    pub(crate) values: &'a [f32],
}

impl Addend {
    /// Reorders `planes`, `[batch, channels, height, width]`, for stage `index` of a plan.
    pub(crate) fn new(index: usize, stage: &Stage, planes: &[f32]) -> Result<Self, PlanError> {
        let (pixels, channels) = (stage.geometry.pixels_out(), stage.geometry.channels_out);
        let (given, image) = (planes.len(), pixels * channels);
        if !given.is_multiple_of(image) {
            let expected = given.next_multiple_of(image);
            return Err(PlanError::Length { name: "addend".into(), given, expected });
        }
        let sample_len = stage.output_len();
        let mut values = Buffer::zeros(given / image * sample_len);
        for (to, from) in values.chunks_exact_mut(sample_len).zip(planes.chunks_exact(image)) {
            for (channel, plane) in from.chunks_exact(pixels).enumerate() {
                let to = to[channel..].iter_mut().step_by(stage.channels);
                to.zip(plane).for_each(|(to, from)| *to = *from);
            }
        }
        Ok(Self { stage: index, sample_len, values })
    }

    /// Returns the number of samples.
    pub fn len(&self) -> usize {
        self.values.len() / self.sample_len
    }

    /// Returns whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn stage(&self) -> usize {
        self.stage
    }

    /// Returns the addend of `samples` samples from index `first` on.
    pub(crate) fn block(&self, first: usize, samples: usize) -> Added<'_> {
        let values = &self.values[first * self.sample_len..][..samples * self.sample_len];
        Added { stage: self.stage, values }
    }
}
