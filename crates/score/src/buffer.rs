//! Buffers of `f32` that begin at a cache line, so that no vector load straddles two lines.

use bytemuck::{Pod, Zeroable};

/// The number of floats in a cache line; channels are padded to a multiple of it.
pub(crate) const LINE: usize = 16;

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// An aligned buffer, zero-initialised; its length is rounded up to whole cache lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer(Vec<Line>);

impl Buffer {
    pub(crate) fn zeros(len: usize) -> Self {
        Self(vec![Line([0.0; LINE]); len.div_ceil(LINE)])
    }

    /// Grows the buffer to at least `len` floats; the new ones are zero.
    pub(crate) fn reserve(&mut self, len: usize) {
        if self.len() < len {
            self.0.resize(len.div_ceil(LINE), Line([0.0; LINE]));
        }
    }
}

impl std::ops::Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        bytemuck::cast_slice(&self.0)
    }
}

impl std::ops::DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

/// Rounds a number of channels up to whole cache lines.
pub(crate) fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LINE)
}
