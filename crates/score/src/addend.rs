//! What a condition adds to a network: f(x, c) where c goes, beside a layer's input, through a convolution of its
//! own. A chain leaves c alone, so that convolution is made once for all its steps.

use crate::buffer::Buffer;
use crate::{Plan, PlanError};

/// Numbers that are added to the sums of one layer, before its LeakyReLU: others for each sample.
#[derive(Debug)]
pub struct Addend {
    stage: usize,
    /// Floats of one sample.
    part: usize,
    /// `[sample, pixel, channel]`, channels padded.
    values: Buffer,
}

/// The addend of a block of samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Added<'a> {
    pub(crate) stage: usize,
    pub(crate) values: &'a [f32],
}

impl Plan {
    /// Prepares what is added to the sums of layer `layer`, counted from 0, of a batch.
    ///
    /// # Shapes
    /// - `planes`: `[batch, channels, height, width]` of the layer's output
    ///
    /// # Errors
    /// [`PlanError`], if there is no such layer, or the length is not a multiple of its output's.
    pub fn addend(&self, layer: usize, planes: &[f32]) -> Result<Addend, PlanError> {
        let Some(stage) = self.stages.get(layer) else {
            return Err(PlanError::Size { name: "layer of the addend".into(), value: layer });
        };
        let (pixels, channels) = (stage.geometry.pixels_out(), stage.geometry.channels_out);
        let (given, image) = (planes.len(), pixels * channels);
        if !given.is_multiple_of(image) {
            let expected = given.next_multiple_of(image);
            return Err(PlanError::Length { name: "addend".into(), given, expected });
        }
        let part = stage.output_len();
        let mut values = Buffer::zeros(given / image * part);
        for (to, from) in values.chunks_exact_mut(part).zip(planes.chunks_exact(image)) {
            for (channel, plane) in from.chunks_exact(pixels).enumerate() {
                let to = to[channel..].iter_mut().step_by(stage.channels);
                to.zip(plane).for_each(|(to, from)| *to = *from);
            }
        }
        Ok(Addend { stage: layer, part, values })
    }
}

impl Addend {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.values.len() / self.part
    }

    /// Whether it is of no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn stage(&self) -> usize {
        self.stage
    }

    /// The part of `samples` samples.
    pub(crate) fn of(&self, first: usize, samples: usize) -> Added<'_> {
        let values = &self.values[first * self.part..][..samples * self.part];
        Added { stage: self.stage, values }
    }
}
