//! Arrays in an uncompressed ZIP archive, as `numpy.savez` writes them.
//!
//! Archives without compression are a few fixed headers (PKWARE's APPNOTE, sections 4.3 to 4.5); a crate
//! for them would bring other features of crates below Burn.

use std::io::{self, Write};

use crc32fast::Hasher;

use crate::diagnostics::Draws;

/// 1 January 1980: archives of the same draws are equal.
const DATE: u16 = (1 << 5) | 1;
/// The version of the format that plain files need.
const VERSION: u16 = 20;
/// The bit that says that names are UTF-8.
const UTF8: u16 = 1 << 11;

/// # Errors
/// What the writer says; or that the archive would need 64-bit sizes.
pub(super) fn write(file: &mut impl Write, variables: &[(&str, &Draws)]) -> io::Result<()> {
    let (mut offset, mut directory) = (0, Vec::new());
    for (name, draws) in variables {
        let array = Array::new(draws.values(), draws.shape())?;
        let name = format!("{name}.npy");
        // Shared by the header before the array and its copy in the directory at the end.
        let mut entry = Vec::new();
        entry.extend(VERSION.to_le_bytes());
        entry.extend((if name.is_ascii() { 0 } else { UTF8 }).to_le_bytes());
        // Stored, at midnight.
        entry.extend([0; 4]);
        entry.extend(DATE.to_le_bytes());
        entry.extend(array.checksum()?.to_le_bytes());
        let size = small(array.size())?.to_le_bytes();
        entry.extend(size);
        entry.extend(size);
        entry.extend(u16::try_from(name.len()).map_err(io::Error::other)?.to_le_bytes());
        // No extra field.
        entry.extend([0; 2]);

        file.write_all(b"PK\x03\x04")?;
        file.write_all(&entry)?;
        file.write_all(name.as_bytes())?;
        array.blocks(|block| file.write_all(block))?;

        directory.extend(b"PK\x01\x02");
        // Written on Unix, so that the permissions below are understood.
        directory.extend((VERSION | (3 << 8)).to_le_bytes());
        directory.extend(&entry);
        // No comment, first disk, binary.
        directory.extend([0; 6]);
        directory.extend((0o600_u32 << 16).to_le_bytes());
        directory.extend(small(offset)?.to_le_bytes());
        directory.extend(name.as_bytes());
        offset += (4 + entry.len() + name.len() + array.size()) as u64;
    }
    let entries = u16::try_from(variables.len()).map_err(io::Error::other)?.to_le_bytes();
    file.write_all(&directory)?;
    file.write_all(b"PK\x05\x06\0\0\0\0")?;
    file.write_all(&entries)?;
    file.write_all(&entries)?;
    file.write_all(&small(directory.len())?.to_le_bytes())?;
    file.write_all(&small(offset)?.to_le_bytes())?;
    // No comment.
    file.write_all(&[0; 2])
}

/// A size or an offset as 32 bits; the largest value would announce 64.
fn small(size: impl TryInto<u32>) -> io::Result<u32> {
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "more than 4 GiB in one .npz");
    size.try_into().ok().filter(|&size| size < u32::MAX).ok_or_else(too_large)
}

/// A number as NumPy stores it.
pub(super) trait Element: Copy {
    /// NumPy's name of the type.
    const DESCR: &'static str;

    fn bytes(self) -> impl IntoIterator<Item = u8>;
}

impl Element for f64 {
    const DESCR: &'static str = "<f8";

    fn bytes(self) -> impl IntoIterator<Item = u8> {
        self.to_le_bytes()
    }
}

impl Element for f32 {
    const DESCR: &'static str = "<f4";

    fn bytes(self) -> impl IntoIterator<Item = u8> {
        self.to_le_bytes()
    }
}

/// NumPy's array format, version 1.0 (NumPy Enhancement Proposal 1).
pub(super) struct Array<'a, T> {
    header: Vec<u8>,
    values: &'a [T],
}

impl<'a, T: Element> Array<'a, T> {
    pub(super) fn new(values: &'a [T], shape: &[usize]) -> io::Result<Self> {
        let axes: Vec<_> = shape.iter().map(ToString::to_string).collect();
        // Python writes a tuple of one with a comma.
        let shape = axes.join(", ") + if axes.len() == 1 { "," } else { "" };
        let descr = T::DESCR;
        let mut text =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
        // Magic, version and length are 10 bytes, the line feed one; values start at a multiple of 64.
        let length = (text.len() + 11).next_multiple_of(64) - 11;
        text.extend(std::iter::repeat_n(' ', length - text.len()));
        text.push('\n');
        let mut header = b"\x93NUMPY\x01\x00".to_vec();
        header.extend(u16::try_from(text.len()).map_err(io::Error::other)?.to_le_bytes());
        header.extend(text.as_bytes());
        Ok(Self { header, values })
    }

    fn size(&self) -> usize {
        self.header.len() + size_of_val(self.values)
    }

    fn checksum(&self) -> io::Result<u32> {
        let mut hasher = Hasher::new();
        self.blocks(|block| {
            hasher.update(block);
            Ok(())
        })?;
        Ok(hasher.finalize())
    }

    /// All bytes in turn.
    pub(super) fn blocks(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        take(&self.header)?;
        let mut bytes = Vec::new();
        for values in self.values.chunks(1 << 13) {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|x| x.bytes()));
            take(&bytes)?;
        }
        Ok(())
    }
}

/// The name, the shape and the values of each array, found through the directory; for tests.
#[cfg(test)]
pub(super) fn read(archive: &[u8]) -> Vec<(String, String, Vec<f64>)> {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([archive[at], archive[at + 1]]));
    let u32_at = |at: usize| u16_at(at) | (u16_at(at + 2) << 16);
    let end = archive.len() - 22;
    assert_eq!(archive[end..end + 4], *b"PK\x05\x06");
    let mut entry = u32_at(end + 16);
    assert_eq!(entry + u32_at(end + 12), end);
    let mut arrays = Vec::new();
    for _ in 0..u16_at(end + 10) {
        assert_eq!(archive[entry..entry + 4], *b"PK\x01\x02");
        let (size, name_length, local) =
            (u32_at(entry + 24), u16_at(entry + 28), u32_at(entry + 42));
        let name = &archive[entry + 46..entry + 46 + name_length];
        // The header before the array says the same.
        assert_eq!(archive[local..local + 4], *b"PK\x03\x04");
        assert_eq!(archive[local + 4..local + 30], archive[entry + 6..entry + 32]);
        assert_eq!(archive[local + 30..local + 30 + name_length], *name);
        let bytes = &archive[local + 30 + name_length..][..size];
        assert_eq!(crc32fast::hash(bytes) as usize, u32_at(entry + 16));
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = String::from_utf8_lossy(&bytes[10..start]);
        let shape = header.split_once("'shape': ").unwrap().1.split_inclusive(')').next().unwrap();
        let values = bytes[start..].chunks_exact(8);
        let values = values.map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
        arrays.push((String::from_utf8(name.to_vec()).unwrap(), shape.to_owned(), values));
        entry += 46 + name_length;
    }
    arrays
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte by byte what Python's `zipfile` and NumPy write, see `tests/data/make_npz.py`.
    #[test]
    fn equals_numpy() {
        let x = Draws::new((0..24).map(|i| f64::from(i) / 7.0).collect(), &[2, 4, 3]).unwrap();
        let energy = Draws::new((0..8).map(|i| -f64::from(i * i)).collect(), &[2, 4]).unwrap();
        let mut archive = Vec::new();
        write(&mut archive, &[("x", &x), ("ε", &energy)]).unwrap();
        let expected = include_bytes!("../../tests/data/draws.npz");
        let first = archive.iter().zip(expected).position(|(a, b)| a != b);
        assert_eq!((first, archive.len()), (None, expected.len()), "the first differing byte");
    }

    #[test]
    fn sizes_of_64_bits_are_refused() {
        assert_eq!(small(u64::from(u32::MAX) - 1).unwrap(), u32::MAX - 1);
        for size in [u64::from(u32::MAX), 1 << 32, u64::MAX] {
            let error = small(size).expect_err("too large");
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        }
    }
}
