//! Writing archives.

use std::io::{self, ErrorKind, Write};

use crc32fast::Hasher;

use super::magic::{END_MAGIC, ENTRY_MAGIC, LOCAL_MAGIC};

/// 1 January 1980: archives of the same content are equal.
const DATE: u16 = (1 << 5) | 1;
/// The version of the format that plain files need.
const VERSION: u16 = 20;
/// The bit that says that names are UTF-8.
const UTF8: u16 = 1 << 11;
/// Written on Unix, so that the permissions are understood.
const UNIX: u16 = 3 << 8;
const PERMISSIONS: u32 = 0o600;

/// A writer of archives of stored members, byte for byte as Python's `zipfile` writes them for
/// `numpy.savez`.
#[derive(Debug)]
pub struct ZipWriter<W> {
    writer: W,
    offset: u64,
    count: u16,
    directory: Vec<u8>,
}

impl<W: Write> ZipWriter<W> {
    /// Creates an archive without members, which begins where the writer stands.
    pub fn new(writer: W) -> Self {
        Self { writer, offset: 0, count: 0, directory: Vec::new() }
    }

    /// Adds a member. `content` is called twice and must write the same bytes both times: its
    /// length and its CRC-32 precede it in the archive, which is written in one pass.
    ///
    /// # Errors
    /// Returns the errors of `content` and of the writer, and [`ErrorKind::FileTooLarge`] if the
    /// archive would need 64-bit sizes or 65 536 members.
    pub fn member(
        &mut self,
        name: &str,
        content: impl Fn(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut measure = Measure { checksum: Hasher::new(), length: 0 };
        content(&mut measure)?;
        let (length, crc) = (measure.length, measure.checksum.finalize());
        let size = small(length)?.to_le_bytes();
        // Shared by the header before the content and its copy in the directory at the end.
        let mut entry = Vec::new();
        entry.extend(VERSION.to_le_bytes());
        entry.extend((if name.is_ascii() { 0 } else { UTF8 }).to_le_bytes());
        // Stored, at midnight.
        entry.extend([0; 4]);
        entry.extend(DATE.to_le_bytes());
        entry.extend(crc.to_le_bytes());
        entry.extend(size);
        entry.extend(size);
        entry.extend(short(name.len())?.to_le_bytes());
        // No extra field.
        entry.extend([0; 2]);

        let start = small(self.offset)?;
        self.count = short(usize::from(self.count) + 1)?;
        self.writer.write_all(&LOCAL_MAGIC)?;
        self.writer.write_all(&entry)?;
        self.writer.write_all(name.as_bytes())?;
        let mut measure = Measure { checksum: Hasher::new(), length: 0 };
        content(&mut Both(&mut measure, &mut self.writer))?;
        if (measure.length, measure.checksum.finalize()) != (length, crc) {
            return Err(io::Error::other("a member's content differed when it was written again"));
        }
        self.offset += (LOCAL_MAGIC.len() + entry.len() + name.len()) as u64 + length;

        self.directory.extend(ENTRY_MAGIC);
        self.directory.extend((VERSION | UNIX).to_le_bytes());
        self.directory.extend(&entry);
        // No comment, first disk, binary.
        self.directory.extend([0; 6]);
        self.directory.extend((PERMISSIONS << 16).to_le_bytes());
        self.directory.extend(start.to_le_bytes());
        self.directory.extend(name.as_bytes());
        Ok(())
    }

    /// Writes the directory; without it there is no archive.
    ///
    /// # Errors
    /// Returns the errors of the writer, and [`ErrorKind::FileTooLarge`] if the archive would need
    /// 64-bit sizes.
    pub fn finish(mut self) -> io::Result<()> {
        let count = self.count.to_le_bytes();
        self.writer.write_all(&self.directory)?;
        self.writer.write_all(&END_MAGIC)?;
        // One disk.
        self.writer.write_all(&[0; 4])?;
        self.writer.write_all(&count)?;
        self.writer.write_all(&count)?;
        self.writer.write_all(&small(self.directory.len() as u64)?.to_le_bytes())?;
        self.writer.write_all(&small(self.offset)?.to_le_bytes())?;
        // No comment.
        self.writer.write_all(&[0; 2])
    }
}

/// A size or an offset as 32 bits; the largest value would announce 64.
pub(super) fn small(size: u64) -> io::Result<u32> {
    u32::try_from(size).ok().filter(|&size| size < u32::MAX).ok_or_else(too_large)
}

fn short(count: usize) -> io::Result<u16> {
    u16::try_from(count).ok().filter(|&count| count < u16::MAX).ok_or_else(too_large)
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, "more than 4 GiB or 65 534 members in one archive")
}

/// Counts the bytes that are written and computes their CRC-32.
struct Measure {
    checksum: Hasher,
    length: u64,
}

impl Write for Measure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.checksum.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Both<'a, W>(&'a mut Measure, &'a mut W);

impl<W: Write> Write for Both<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.write_all(bytes)?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.flush()
    }
}
