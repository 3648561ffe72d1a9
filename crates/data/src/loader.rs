//! Batches prepared on the host, ahead of the one that asks for them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use burn::tensor::{Device, Tensor, TensorData};
use ebm_noise::Key;

use crate::augment::Augment;
use crate::batches::Batches;
use crate::error::DataError;
use crate::images::ImageSet;

/// Batches that wait at most: one while the next is prepared.
const AHEAD: usize = 1;

/// A batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostBatch {
    /// Pixels in [−1, 1].
    pub values: Vec<f32>,
    /// `[batch, channels, height, width]`.
    pub shape: [usize; 4],
    /// The class of each image.
    pub labels: Vec<u8>,
    /// Counted from 0.
    pub epoch: u64,
}

impl HostBatch {
    /// The images, in one upload.
    pub fn into_tensor(self, device: &Device) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.values, self.shape), device)
    }
}

/// Prepares the batches of a set of images by their iterations.
#[derive(Clone, Debug)]
pub struct Loader {
    images: Arc<ImageSet>,
    batches: Batches,
    augment: Augment,
    key: Key,
}

impl Loader {
    /// Images as they are, in the order of `batches`.
    pub fn new(images: Arc<ImageSet>, batches: Batches) -> Self {
        Self { images, batches, augment: Augment::default(), key: Key::new(0) }
    }

    /// The same with images changed at random, by `key`, the epoch and the image.
    ///
    /// # Errors
    /// [`DataError::Crop`].
    pub fn augmented(self, augment: Augment, key: Key) -> Result<Self, DataError> {
        augment.check(self.images.shape())?;
        Ok(Self { augment, key, ..self })
    }

    /// The images.
    pub fn images(&self) -> &ImageSet {
        &self.images
    }

    /// The batch of an iteration, counted from 0.
    pub fn batch(&mut self, iteration: u64) -> HostBatch {
        let (epoch, shape) = (self.batches.epoch(iteration), self.images.shape());
        let [channels, height, width] = shape;
        let (indices, key) = (self.batches.indices(iteration), self.key.fold(epoch));
        let mut values = Vec::with_capacity(indices.len() * channels * height * width);
        for &index in &indices {
            self.augment.append(self.images.image(index), shape, key, index, &mut values);
        }
        let labels = indices.iter().map(|&index| self.images.labels()[index]).collect();
        HostBatch { values, shape: [indices.len(), channels, height, width], labels, epoch }
    }

    /// The same batches, each prepared by a thread while the one before it is learned from.
    pub fn ahead(self) -> Prefetch {
        Prefetch { loader: self, coming: None }
    }
}

/// A [`Loader`] that is ahead by one batch. Iterations are best asked for in their order; any other is right, and
/// starts anew.
#[derive(Debug)]
pub struct Prefetch {
    loader: Loader,
    /// The next iteration that will come, and where.
    coming: Option<(u64, Receiver<HostBatch>)>,
}

impl Prefetch {
    /// The images.
    pub fn images(&self) -> &ImageSet {
        &self.loader.images
    }

    /// The batch of an iteration: the same bits as [`Loader::batch`].
    pub fn batch(&mut self, iteration: u64) -> HostBatch {
        let coming = self.coming.take().filter(|(next, _)| *next == iteration);
        let receiver = match coming {
            Some((_, receiver)) => receiver,
            None => self.start(iteration),
        };
        // A thread that could not be started, or died, is no reason to stop.
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
