//! Files that can be trusted, without Burn: reads that never allocate more than the bytes that are
//! there, writes that are whole or absent even after a power cut, checksums, and NumPy's formats.
//!
//! * [`read`](mod@read): [`read_up_to`], [`read_file`]: all bytes of a reader or a file, up to a
//!   limit.
//! * [`write`](mod@write): [`write_file`], [`write_file_with`], [`write_folder`]: written beside
//!   their path, synced and renamed into place.
//! * [`checksum`]: SHA-256 in hexadecimal, of bytes, of a file, or of a stream.
//! * [`npy`]: [`NpyArray`], [`write_npy`]; [`npz`]: [`NpzReader`], [`NpzWriter`].
//! * [`zip`]: the container below .npz and below PyTorch's archives.
//! * [`csv`]: lines of comma-separated fields.
//!
//! ```
//! use ebm_files::{NpyArray, NpzReader, NpzWriter, write_file_with};
//!
//! # fn main() -> Result<(), ebm_files::FileError> {
//! # let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("draws.npz");
//! write_file_with(&path, |file| {
//!     let mut npz = NpzWriter::new(file);
//!     npz.array("x", &[2, 3], &[0.0_f32, 0.5, 1.0, 1.5, 2.0, 2.5])?;
//!     npz.array("energy", &[2], &[-1.0_f64, -2.0])?;
//!     npz.finish()
//! })?;
//!
//! let mut npz = NpzReader::open_file(&path)?;
//! let x: NpyArray = npz.array("x", 1 << 20)?.expect("written above");
//! assert_eq!(x.shape(), [2, 3]);
//! assert_eq!(x.values::<f32>().unwrap(), [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "checksum")]
pub mod checksum;
pub mod csv;
mod error;
pub mod npy;
pub mod npz;
pub mod read;
pub mod write;
pub mod zip;

#[cfg(feature = "checksum")]
pub use checksum::{Checksum, sha256, sha256_file, sha256_reader};
pub use error::FileError;
pub use npy::{Element, ElementType, NpyArray, NpyError, write_npy};
pub use npz::{NpzReader, NpzWriter};
pub use read::{ReadError, read_file, read_up_to};
pub use write::{remove_folder, rename, write_file, write_file_with, write_folder};
pub use zip::{ZipError, ZipReader, ZipWriter};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
