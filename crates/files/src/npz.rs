//! NumPy's .npz: a ZIP archive of .npy arrays, uncompressed as `numpy.savez` writes it, or deflated
//! as `numpy.savez_compressed` does.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::FileError;
use crate::npy::{Element, NpyArray, NpyError, write_npy};
use crate::zip::{ZipError, ZipReader, ZipWriter};

/// An .npz file whose directory has been read; arrays are read by name.
#[derive(Debug)]
pub struct NpzReader<R = BufReader<File>> {
    zip: ZipReader<R>,
    path: PathBuf,
}

impl NpzReader {
    /// Opens a file.
    ///
    /// # Errors
    /// [`FileError::Io`] if it cannot be opened, [`FileError::Zip`] if it is no archive.
    pub fn open_file(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        Self::open(BufReader::new(file), path)
    }
}

impl<R: Read + Seek> NpzReader<R> {
    /// Opens an archive; errors name it by `path`.
    ///
    /// # Errors
    /// [`FileError::Zip`].
    pub fn open(reader: R, path: &Path) -> Result<Self, FileError> {
        let path = path.to_path_buf();
        match ZipReader::open(reader) {
            Ok(zip) => Ok(Self { zip, path }),
            Err(problem) => Err(FileError::Zip { path, problem }),
        }
    }

    /// Returns the names of the arrays.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.zip.entries().iter().filter_map(|entry| entry.name.strip_suffix(".npy"))
    }

    /// Returns whether there is an array of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.zip.contains(&member(name))
    }

    /// Reads an array of at most `limit` bytes, `None` if there is none of that name.
    ///
    /// # Errors
    /// [`FileError::Npy`] that names the array.
    pub fn array(&mut self, name: &str, limit: u64) -> Result<Option<NpyArray>, FileError> {
        let array = match self.zip.member(&member(name)) {
            Ok(Some(content)) => NpyArray::read(content, limit).map(Some),
            Ok(None) => Ok(None),
            Err(ZipError::Io { cause }) => Err(NpyError::Io { cause }),
            Err(error) => Err(NpyError::Io { cause: io::Error::other(error) }),
        };
        array.map_err(|problem| {
            let (path, array) = (self.path.clone(), Some(name.to_owned()));
            FileError::Npy { path, array, problem }
        })
    }
}

/// A writer of .npz files, byte for byte as `numpy.savez` writes them.
#[derive(Debug)]
pub struct NpzWriter<W> {
    zip: ZipWriter<W>,
}

impl<W: Write> NpzWriter<W> {
    /// Creates a file without arrays.
    pub fn new(writer: W) -> Self {
        Self { zip: ZipWriter::new(writer) }
    }

    /// Adds an array in row-major order.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] if the values do not fill the shape,
    /// [`io::ErrorKind::FileTooLarge`] beyond 4 GiB, and the errors of the writer.
    pub fn array<T: Element>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[T],
    ) -> io::Result<()> {
        self.zip.member(&member(name), |writer| write_npy(writer, shape, values))
    }

    /// Writes the directory; without it there is no .npz.
    ///
    /// # Errors
    /// Returns the errors of [`array`](Self::array).
    pub fn finish(self) -> io::Result<()> {
        self.zip.finish()
    }
}

fn member(array: &str) -> String {
    format!("{array}.npy")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Byte for byte what Python's `zipfile` and NumPy write, see `tests/data/make_npz.py`.
    #[test]
    fn writing_equals_numpy() {
        let x: Vec<_> = (0..24).map(|i| f64::from(i) / 7.0).collect();
        let energy: Vec<_> = (0..8).map(|i| -f64::from(i * i)).collect();
        let mut written = Vec::new();
        let mut npz = NpzWriter::new(&mut written);
        npz.array("x", &[2, 4, 3], &x).unwrap();
        npz.array("ε", &[2, 4], &energy).unwrap();
        npz.finish().unwrap();
        let expected = include_bytes!("../tests/data/draws.npz");
        let first = written.iter().zip(expected).position(|(a, b)| a != b);
        assert_eq!((first, written.len()), (None, expected.len()), "the first differing byte");

        let mut npz = NpzReader::open(Cursor::new(&written), Path::new("draws.npz")).unwrap();
        assert_eq!(npz.names().collect::<Vec<_>>(), ["x", "ε"]);
        assert!(npz.contains("ε") && !npz.contains("ε.npy"));
        assert!(npz.array("y", 100).unwrap().is_none());
        let array = npz.array("ε", 64).unwrap().unwrap();
        assert_eq!((array.shape(), array.values::<f64>().unwrap()), (&[2, 4][..], energy));
        let message = npz.array("ε", 63).unwrap_err().to_string();
        assert!(message.starts_with("draws.npz: the array `ε` has a header that"), "{message}");
    }
}
