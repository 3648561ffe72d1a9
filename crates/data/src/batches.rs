//! Batches of a set: their order, their augmentation, and their preparation ahead of time.

mod augment;
mod loader;
mod order;

pub use augment::Augment;
pub use loader::{HostBatch, Loader, Prefetch};
pub use order::{Batches, Last, Order};
