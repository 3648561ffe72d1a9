//! Shuffled batches by iteration number: a resumed run sees the same batches as an unbroken one.

use ebm_noise::{Key, streams};

use crate::error::DataError;

/// The order of a set's images in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The order in which they are stored.
    Stored,
    /// One random order for all epochs.
    ShuffledOnce,
    /// A new random order for each epoch.
    #[default]
    Shuffled,
}

/// The treatment of the images at the end of an epoch that do not fill a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Last {
    /// The images are left out, different ones in each order. This is the choice for training.
    #[default]
    Drop,
    /// The images form a shorter batch. This is the choice for evaluation, where each image counts
    /// once.
    Short,
    /// The first images of the epoch fill up the batch, so that all batches have one size.
    Fill,
}

/// A schedule of the batches of a set, by default shuffled in each epoch and without the incomplete
/// last batch.
///
/// Iteration `i` is batch `i mod per_epoch` of epoch `⌊i / per_epoch⌋`, whose order depends on the
/// key and on the epoch only.
#[derive(Clone, Debug)]
pub struct Batches {
    len: usize,
    batch: usize,
    key: Key,
    order: Order,
    last: Last,
    /// The last epoch and its order: shuffling for each batch would be wasteful.
    current: Option<(u64, Vec<usize>)>,
}

impl Batches {
    /// Creates batches of `batch` out of `len` images.
    ///
    /// # Errors
    /// [`DataError::BatchSize`] unless `1 ≤ batch ≤ len`; [`DataError::TooManyImages`] if `len`
    /// does not fit 32 bits.
    pub fn new(len: usize, batch: usize, key: Key) -> Result<Self, DataError> {
        let limit = u32::MAX as usize;
        if len > limit {
            return Err(DataError::TooManyImages { len, limit });
        }
        if batch == 0 || batch > len {
            return Err(DataError::BatchSize { batch, len });
        }
        Ok(Self { len, batch, key, order: Order::default(), last: Last::Drop, current: None })
    }

    /// Sets the order.
    pub fn in_order(self, order: Order) -> Self {
        Self { order, current: None, ..self }
    }

    /// Sets the treatment of the last batch.
    pub fn with_last(self, last: Last) -> Self {
        Self { last, ..self }
    }

    /// Returns the images of an iteration, counted from 0: `batch` different indices below `len`,
    /// or fewer in a short last batch.
    pub fn indices(&mut self, iteration: u64) -> Vec<usize> {
        let per_epoch = self.per_epoch();
        let (epoch, position) = (iteration / per_epoch, iteration % per_epoch);
        let start = position as usize * self.batch;
        let order = match self.current.take() {
            Some((cached, order)) if cached == epoch => order,
            _ => match self.order {
                Order::Stored => (0..self.len).collect(),
                Order::ShuffledOnce => {
                    self.key.fold(streams::data::SINGLE_ORDER).permutation(self.len)
                }
                Order::Shuffled => self.key.fold(epoch).permutation(self.len),
            },
        };
        let end = (start + self.batch).min(self.len);
        let mut indices = order[start..end].to_vec();
        if self.last == Last::Fill {
            indices.extend(&order[..start + self.batch - end]);
        }
        self.current = Some((epoch, order));
        indices
    }

    /// Returns the number of batches in one epoch, at least 1.
    pub fn per_epoch(&self) -> u64 {
        match self.last {
            Last::Drop => (self.len / self.batch) as u64,
            Last::Short | Last::Fill => self.len.div_ceil(self.batch) as u64,
        }
    }

    /// Returns the epoch of an iteration, both counted from 0.
    pub fn epoch(&self, iteration: u64) -> u64 {
        iteration / self.per_epoch()
    }
}

#[cfg(test)]
mod tests;
