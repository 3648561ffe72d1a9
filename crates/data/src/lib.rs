//! What is learned from: named sets of images, checked before use, served in batches that a resumed run
//! sees again.
//!
//! ```
//! use burn::tensor::Device;
//! use ebm_data::{Batches, digits};
//! use ebm_noise::Key;
//!
//! # fn main() -> Result<(), ebm_data::DataError> {
//! let images = digits()?; // 5 000 real MNIST digits, built in
//! let mut batches = Batches::new(images.len(), 64, Key::new(1))?;
//! let batch = images.batch(&batches.indices(0), &Device::flex());
//! assert_eq!(batch.dims(), [64, 1, 28, 28]);
//! assert_eq!(batch.max().into_scalar::<f32>(), 1.0); // ink
//! # Ok(())
//! # }
//! ```
//!
//! Larger sets live in a folder ([`DataRoot`]) and are described in a [`Catalog`]: [`fetch`] downloads
//! them, [`import`] takes files that are here already, [`load`] reads them, [`verify`] says which files are
//! there and right.
//!
//! A [`Density`] is a distribution in the plane whose logarithmic density is known, with draws without end:
//!
//! ```
//! use burn::tensor::Device;
//! use ebm_data::Density;
//! use ebm_noise::Key;
//!
//! # fn main() -> Result<(), ebm_data::DataError> {
//! let rings: Density = "rings".parse()?;
//! let iteration = 7;
//! let batch = rings.batch(64, Key::new(1).fold(iteration), &Device::flex());
//! assert_eq!(batch.dims(), [64, 2, 1, 1]);
//! assert!(rings.log_density([0.8, 0.0]) > rings.log_density([0.7, 0.0]));
//! # Ok(())
//! # }
//! ```

mod arrays;
mod augment;
mod batches;
mod catalog;
mod cifar;
mod content;
#[cfg(feature = "dataset")]
mod dataset;
mod densities;
mod download;
mod embedded;
mod error;
mod fetch;
mod folder;
mod idx;
mod images;
mod import;
mod load;
mod loader;
mod lock;
mod mat;
mod npy;
mod open;
mod pairs;
mod picture;
mod pictures;
mod place;
mod resample;
mod root;
mod sum;
mod tarball;
mod transfer;
mod zip;

pub use arrays::load_arrays;
pub use augment::Augment;
pub use batches::{Batches, Last, Order};
pub use catalog::{
    Archive, Catalog, Entry, FileEntry, Kind, Split, SplitEntry, SplitFiles, Tarball,
};
#[cfg(feature = "dataset")]
pub use dataset::{ImageItem, PairItem};
pub use densities::Density;
pub use embedded::digits;
pub use error::{
    ArrayProblem, DataError, FileProblem, FolderProblem, MatError, MirrorFailure, PictureProblem,
    TarballProblem, TransferError,
};
pub use fetch::{FetchOptions, Progress, fetch};
pub use folder::load_folder;
pub use idx::{IdxArray, IdxError, MAX_BYTES};
pub use images::ImageSet;
pub use import::import;
pub use load::{FileStatus, load, verify};
pub use loader::{HostBatch, Loader, Prefetch};
pub use npy::NpyError;
pub use open::{Selection, open, open_pairs};
pub use pairs::{Half, PairBatch, PairedSet};
pub use pictures::load_pairs;
pub use root::DataRoot;
