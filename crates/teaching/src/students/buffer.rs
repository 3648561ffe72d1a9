//! A buffer of the last states of chains, for later chains to start from.

use burn::tensor::{Device, Tensor, TensorData};
use ebm_noise::{Key, streams::buffer as stream};
use ebm_tensor::{ImageShape, values};

/// A buffer of states in the memory of the host, initially uniform noise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Buffer {
    image: ImageShape,
    states: Vec<f32>,
}

impl Buffer {
    pub(crate) fn new(len: usize, image: ImageShape, key: Key, device: &Device) -> Self {
        Self { image, states: noise(len, image, key, device) }
    }

    /// Returns the number of states.
    pub(crate) fn len(&self) -> usize {
        self.states.len() / self.image.len()
    }

    /// Replaces all states by these, `[len, …]`, and returns whether there are as many.
    pub(crate) fn restore(&mut self, states: Vec<f32>) -> bool {
        let fits = states.len() == self.states.len();
        if fits {
            self.states = states;
        }
        fits
    }

    pub(crate) fn states(&self) -> &[f32] {
        &self.states
    }

    /// Draws `count` states from different slots, as far as there are so many; each is replaced by
    /// noise with probability `restart`. Returns the slots as well; states beyond them are noise.
    pub(crate) fn draw(
        &self,
        count: usize,
        restart: f64,
        key: Key,
        device: &Device,
    ) -> (Vec<usize>, Tensor<4>) {
        let pixels = self.image.len();
        let mut slots = key.fold(stream::SLOTS).permutation(self.states.len() / pixels);
        slots.truncate(count);
        let mut states = noise(count, self.image, key.fold(stream::NOISE), device);
        let restarts = key.fold(stream::RESTART);
        for (row, (state, &slot)) in states.chunks_exact_mut(pixels).zip(&slots).enumerate() {
            if restarts.uniform_at(row as u32, 0) >= restart {
                state.copy_from_slice(&self.states[slot * pixels..][..pixels]);
            }
        }
        let states = TensorData::new(states, self.image.batch(count));
        (slots, Tensor::from_data(states, device))
    }

    /// Stores the first of `states` in these slots.
    pub(crate) fn keep(&mut self, slots: &[usize], states: Tensor<4>) {
        let pixels = self.image.len();
        let states = values(states);
        for (state, &slot) in states.chunks_exact(pixels).zip(slots) {
            self.states[slot * pixels..][..pixels].copy_from_slice(state);
        }
    }
}

/// Draws states that are uniform in [−1, 1).
fn noise(rows: usize, image: ImageShape, key: Key, device: &Device) -> Vec<f32> {
    values::<2>(key.uniform([rows, image.len()], device) * 2.0 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_drawn_again() {
        let device = Device::flex();
        let mut buffer = Buffer::new(6, ImageShape::new(1, 2), Key::new(1), &device);
        let (slots, drawn) = buffer.draw(4, 0.0, Key::new(2), &device);
        let mut different = slots.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 4);
        for (state, slot) in values(drawn.clone()).chunks(4).zip(&slots) {
            assert_eq!(state, &buffer.states()[slot * 4..][..4]);
        }
        buffer.keep(&slots, drawn + 7.0);
        let (_, all) = buffer.draw(6, 0.0, Key::new(3), &device);
        assert_eq!(values(all).iter().filter(|x| **x >= 6.0).count(), 16);
    }

    #[test]
    fn restarts_are_noise_and_keep_their_share() {
        let device = Device::flex();
        let mut buffer = Buffer::new(4000, ImageShape::new(1, 1), Key::new(1), &device);
        let all: Vec<usize> = (0..4000).collect();
        buffer.keep(&all, Tensor::full([4000, 1, 1, 1], 9.0, &device));
        let (_, drawn) = buffer.draw(4000, 0.05, Key::new(2), &device);
        let fresh = values(drawn).iter().filter(|x| x.abs() <= 1.0).count() as f64;
        // 200 expected; four standard errors of 13.8.
        assert!((fresh - 200.0).abs() < 55.0, "{fresh}");
        // More than there are: the rest is noise.
        let (slots, drawn) = buffer.draw(5000, 0.0, Key::new(3), &device);
        assert_eq!((slots.len(), drawn.dims()[0]), (4000, 5000));
    }
}
