//! Batches prepared on the host, the next one while the model trains on the last.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use burn::tensor::{Device, Tensor, TensorData};
use ebm_noise::Key;
use ebm_tensor::{Condition, Examples};

use super::augment::Augment;
use super::order::Batches;
use crate::error::DataError;
use crate::sets::{ExampleSet, ImageSet};

/// The number of finished batches that wait while the next is prepared.
const AHEAD: usize = 1;

/// A batch on the host.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HostBatch {
    /// The pixels of the images in [−1, 1], row by row.
    pub images: Vec<f32>,
    /// The pixels of the conditions of a set of pairs, of the same shape.
    pub conditions: Option<Vec<f32>>,
    /// The shape of the images, `[batch, channels, height, width]`.
    pub shape: [usize; 4],
    /// The class of each image.
    pub labels: Vec<u8>,
    /// The epoch, counted from 0.
    pub epoch: u64,
}

impl HostBatch {
    /// Uploads the images and the conditions of pairs, each in one piece.
    pub fn into_examples(self, device: &Device) -> Examples {
        let upload = |values| Tensor::<4>::from_data(TensorData::new(values, self.shape), device);
        let condition = self.conditions.map(|conditions| Condition::Image(upload(conditions)));
        Examples::new(upload(self.images), condition)
    }
}

/// A loader that prepares the batch of each iteration on the host.
#[derive(Clone, Debug)]
pub struct Loader {
    set: Arc<ExampleSet>,
    batches: Batches,
    augment: Augment,
    key: Key,
}

impl Loader {
    /// Creates a loader of unchanged images, in the order of `batches`.
    pub fn new(set: Arc<ExampleSet>, batches: Batches) -> Self {
        Self { set, batches, augment: Augment::default(), key: Key::new(0) }
    }

    /// Changes images at random, as a function of `key`, the epoch and the image. The two images of
    /// a pair are changed alike.
    ///
    /// # Errors
    /// [`DataError::Crop`].
    pub fn augmented(self, augment: Augment, key: Key) -> Result<Self, DataError> {
        augment.check(self.set.images().shape())?;
        Ok(Self { augment, key, ..self })
    }

    /// Returns the set.
    pub fn set(&self) -> &ExampleSet {
        &self.set
    }

    /// Returns the batch of an iteration, counted from 0.
    pub fn batch(&mut self, iteration: u64) -> HostBatch {
        let epoch = self.batches.epoch(iteration);
        let (indices, key) = (self.batches.indices(iteration), self.key.fold(epoch));
        let images = self.set.images();
        let [channels, height, width] = images.shape();
        let values = |set: &ImageSet| {
            let mut values = Vec::with_capacity(indices.len() * channels * height * width);
            for &index in &indices {
                self.augment.append(set.image(index), set.shape(), key, index, &mut values);
            }
            values
        };
        HostBatch {
            images: values(images),
            conditions: self.set.conditions().map(values),
            shape: [indices.len(), channels, height, width],
            labels: indices.iter().map(|&index| images.labels()[index]).collect(),
            epoch,
        }
    }

    /// Moves the preparation to a thread, which works while the model trains on the last batch.
    pub fn ahead(self) -> Prefetch {
        Prefetch { loader: self, coming: None }
    }
}

/// A [`Loader`] that is ahead by one batch. It is fastest where iterations follow each other; a
/// jump restarts it.
#[derive(Debug)]
pub struct Prefetch {
    loader: Loader,
    /// The next iteration that will arrive, and its receiver.
    coming: Option<(u64, Receiver<HostBatch>)>,
}

impl Prefetch {
    /// Returns the set.
    pub fn set(&self) -> &ExampleSet {
        &self.loader.set
    }

    /// Returns the batch of an iteration: the same bits as [`Loader::batch`].
    pub fn batch(&mut self, iteration: u64) -> HostBatch {
        let coming = self.coming.take().filter(|(next, _)| *next == iteration);
        let receiver = match coming {
            Some((_, receiver)) => receiver,
            None => self.start(iteration),
        };
        // Without a thread, which may have failed to start or died, the batch is prepared here.
        let batch = receiver.recv().unwrap_or_else(|_| self.loader.batch(iteration));
        self.coming = iteration.checked_add(1).map(|next| (next, receiver));
        batch
    }

    /// Starts a thread that prepares batches from `first` on. It ends when the receiver is dropped.
    fn start(&self, first: u64) -> Receiver<HostBatch> {
        let (sender, receiver) = sync_channel(AHEAD);
        let mut loader = self.loader.clone();
        let work = move || {
            let _ =
                (first..=u64::MAX).try_for_each(|iteration| sender.send(loader.batch(iteration)));
        };
        let _ = thread::Builder::new().name("batches".into()).spawn(work);
        receiver
    }
}
