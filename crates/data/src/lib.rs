//! Image sets for training: named, checked before use, served in batches that a resumed run sees
//! again.
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
//! Larger sets live in a folder ([`DataRoot`]) and are described in a [`Catalog`]: [`fetch`]
//! downloads them, [`import`] copies a user's files, [`load`] and [`open`] read them, [`verify`]
//! checks every file. Sets of a user's own are folders of pictures ([`load_folder`]), NumPy's files
//! ([`load_arrays`]), or pixels in memory ([`ImageSet::new`]). [`PairedSet`] holds images with
//! conditions.
//!
//! A [`Loader`] augments the images of a set and prepares their batches ahead of time.
//!
//! A [`Density`] is a distribution in the plane whose logarithmic density is known, with an
//! unlimited supply of draws:
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

mod batches;
mod catalog;
mod densities;
mod error;
mod fetch;
mod formats;
mod sets;
mod split;
mod store;

pub use batches::{Augment, Batches, HostBatch, Last, Loader, Order, Prefetch};
pub use catalog::{
    Archive, Catalog, EmbeddedSet, Entry, FileEntry, Format, IdxSet, IdxSplit, MatSet, MatSplit,
    PictureSet, PictureSplit, Published, RecordsSet, RecordsSplit, Tarball,
};
pub use densities::Density;
pub use ebm_files::{ElementType, NpyError, ZipError};
pub use error::{
    DataError, FileProblem, FolderProblem, MirrorFailure, TarballProblem, TransferError,
};
pub use fetch::{FetchOptions, Progress, fetch, import};
pub use formats::idx::{IdxArray, IdxError, MAX_BYTES};
pub use formats::mat::MatError;
pub use formats::numpy::ArrayProblem;
pub use formats::picture::PictureProblem;
pub use formats::records::{LabelError, RecordsError};
pub use sets::{
    ExampleSet, Half, ImageSet, PairedSet, digits, load_arrays, load_folder, test_digits,
};
#[cfg(feature = "dataset")]
pub use sets::{ImageItem, PairItem};
pub use split::Split;
pub use store::{DataRoot, FileStatus, Selection, load, load_pairs, open, open_pairs, verify};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
