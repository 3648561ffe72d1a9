//! The buffers that a thread needs to take a block of samples through a network.

use crate::buffer::Buffer;
use crate::convolution::Scratch;
use crate::stage::Stage;

/// The buffers of one thread.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// The output of each stage. Like the gradients, each buffer starts with two pixels of the
    /// widest stage's channels: one of zeros and one that is written but never read. The block's
    /// images follow, `[sample, pixel, channel]`.
    pub(crate) activations: Vec<Buffer>,
    /// The gradient with respect to a stage's pre-activations, and the one below it in the making.
    pub(crate) gradients: [Buffer; 2],
    pub(crate) scratch: Scratch,
}

impl Workspace {
    /// Grows the buffers to the size that `samples` samples need.
    pub(crate) fn reserve(&mut self, stages: &[Stage], widest: usize, samples: usize) {
        self.activations.resize_with(stages.len(), Buffer::default);
        for (stage, activation) in stages.iter().zip(&mut self.activations) {
            let len = 2 * widest + samples * stage.output_len();
            activation.reserve(len);
            self.gradients.iter_mut().for_each(|gradient| gradient.reserve(len));
            stage.convolution.reserve(&mut self.scratch);
        }
    }
}
