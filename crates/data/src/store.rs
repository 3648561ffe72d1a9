//! Data sets by name and by path: the location of their files, their checks, and their images.

pub(crate) mod content;
mod load;
mod open;
pub(crate) mod pictures;
mod root;
pub(crate) mod status;

pub use load::{load, load_pairs};
pub use open::{Selection, open, open_pairs};
pub use root::DataRoot;
pub use status::{FileStatus, verify};
