//! Sets of images in memory, and the files and folders that they are read from.

pub(crate) mod arrays;
#[cfg(feature = "dataset")]
mod dataset;
pub(crate) mod digits;
pub(crate) mod examples;
pub(crate) mod folder;
pub(crate) mod images;
pub(crate) mod pairs;
mod pixel;

pub use arrays::load_arrays;
#[cfg(feature = "dataset")]
pub use dataset::{ImageItem, PairItem};
pub use digits::{digits, test_digits};
pub use examples::ExampleSet;
pub use folder::load_folder;
pub use images::ImageSet;
pub use pairs::{Half, PairedSet};
pub(crate) use pixel::scaled;
