//! Reading archives.

use std::fmt;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use crc32fast::Hasher;
#[cfg(feature = "deflate")]
use flate2::read::DeflateDecoder;
use thiserror::Error;

use super::magic::{END_MAGIC, ENTRY_MAGIC, LOCAL_MAGIC};

const END_BYTES: u64 = 22;
/// A comment may follow the end's record.
const MAX_COMMENT_BYTES: u64 = 0xffff;
/// Some hundred thousand members.
const MAX_DIRECTORY_BYTES: u64 = 1 << 24;
const ENTRY_BYTES: usize = 46;
const LOCAL_BYTES: u64 = 30;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The kinds of packing that this build reads.
const READABLE: &str = if cfg!(feature = "deflate") { "stored or deflated" } else { "stored" };

/// An archive whose directory has been read.
pub struct ZipReader<R> {
    reader: R,
    length: u64,
    entries: Vec<ZipEntry>,
}

/// A member as the directory describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZipEntry {
    /// The name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The length in the archive.
    pub packed: u64,
    /// The length of the content.
    pub unpacked: u64,
    method: u16,
    encrypted: bool,
    crc: u32,
    offset: u64,
}

/// A reason for which an archive, or a member of it, cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ZipError {
    /// The record at an archive's end is missing.
    #[error("the archive has no directory at its end: not a ZIP archive, or cut short")]
    NoDirectory,

    /// The directory is longer than any that is read.
    #[error("the archive has a directory of {found} bytes, expected at most {limit}")]
    DirectoryLength {
        /// The announced length.
        found: u64,
        /// The greatest length read.
        limit: u64,
    },

    /// The directory is not a list of entries.
    #[error("the archive has a broken directory: no entry at its byte {at}")]
    Directory {
        /// The byte of the directory at which an entry should begin.
        at: usize,
    },

    /// The directory points to bytes that are not a member of that name.
    #[error("the archive has no member `{name}` where its directory says")]
    Misplaced {
        /// The member's name.
        name: String,
    },

    /// A member is encrypted, or compressed in a way that is not read.
    #[error("the member `{name}` is {found}, expected {expected}")]
    Method {
        /// The member's name.
        name: String,
        /// The packing of the member.
        found: String,
        /// The kinds of packing that are read.
        expected: &'static str,
    },

    /// The reader failed.
    #[error("the archive cannot be read ({cause})")]
    Io {
        /// The reader's reason.
        cause: io::Error,
    },
}

impl From<io::Error> for ZipError {
    fn from(cause: io::Error) -> Self {
        Self::Io { cause }
    }
}

impl<R: Read + Seek> ZipReader<R> {
    /// Reads the directory of an archive, which may have at most 16 MiB. Memory grows with the
    /// bytes that are there, not with those that are announced.
    ///
    /// # Errors
    /// [`ZipError`]; members are not read.
    pub fn open(mut reader: R) -> Result<Self, ZipError> {
        let length = reader.seek(SeekFrom::End(0))?;
        let tail_length = length.min(END_BYTES + MAX_COMMENT_BYTES);
        reader.seek(SeekFrom::Start(length - tail_length))?;
        let mut tail = Vec::new();
        (&mut reader).take(tail_length).read_to_end(&mut tail)?;
        let starts = (0..(tail.len() + 1).saturating_sub(END_BYTES as usize)).rev();
        let end = starts
            .map(|start| &tail[start..start + END_BYTES as usize])
            .find(|end| end.starts_with(&END_MAGIC))
            .ok_or(ZipError::NoDirectory)?;
        let (size, offset) = (u32_at(end, 12), u32_at(end, 16));
        if size > MAX_DIRECTORY_BYTES {
            return Err(ZipError::DirectoryLength { found: size, limit: MAX_DIRECTORY_BYTES });
        }
        reader.seek(SeekFrom::Start(offset))?;
        let mut directory = Vec::new();
        (&mut reader).take(size).read_to_end(&mut directory)?;
        Ok(Self { reader, length, entries: entries(&directory)? })
    }

    /// Returns the members in the order of the directory.
    pub fn entries(&self) -> &[ZipEntry] {
        &self.entries
    }

    /// Returns whether there is a member of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Returns a reader of the content of a member, `None` if there is none of that name.
    ///
    /// The content is checked as it is read: an [`ErrorKind::InvalidData`] reports a length or a
    /// CRC-32 other than the directory's, at the end of the content at the latest.
    ///
    /// # Errors
    /// [`ZipError::Misplaced`], [`ZipError::Method`], [`ZipError::Io`].
    pub fn member(&mut self, name: &str) -> Result<Option<Member<'_, R>>, ZipError> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else {
            return Ok(None);
        };
        let entry = entry.clone();
        let start = self.start(&entry)?;
        self.reader.seek(SeekFrom::Start(start))?;
        let packed = (&mut self.reader).take(entry.packed);
        let content = match entry.method {
            _ if entry.encrypted => return Err(entry.unreadable(READABLE)),
            STORED => Content::Stored(packed),
            #[cfg(feature = "deflate")]
            DEFLATED => Content::Deflated(DeflateDecoder::new(packed)),
            _ => return Err(entry.unreadable(READABLE)),
        };
        let (crc, unpacked) = (entry.crc, entry.unpacked);
        Ok(Some(Member { content, checksum: Hasher::new(), read: 0, crc, unpacked }))
    }

    /// Returns the range of bytes that the content of a stored member takes in the archive, for
    /// archives that are held in memory. The CRC-32 is not checked.
    ///
    /// # Errors
    /// [`ZipError::Method`] if the member is compressed, [`ZipError::Misplaced`], [`ZipError::Io`].
    pub fn stored_range(&mut self, entry: &ZipEntry) -> Result<Range<u64>, ZipError> {
        if entry.encrypted || entry.method != STORED || entry.packed != entry.unpacked {
            return Err(entry.unreadable("stored"));
        }
        let start = self.start(entry)?;
        Ok(start..start + entry.unpacked)
    }

    /// Returns the byte at which the content of a member begins, after a check that all of it lies
    /// within the archive.
    fn start(&mut self, entry: &ZipEntry) -> Result<u64, ZipError> {
        let misplaced = || ZipError::Misplaced { name: entry.name.clone() };
        if entry.offset + LOCAL_BYTES > self.length {
            return Err(misplaced());
        }
        self.reader.seek(SeekFrom::Start(entry.offset))?;
        let mut local = [0; LOCAL_BYTES as usize];
        self.reader.read_exact(&mut local)?;
        if !local.starts_with(&LOCAL_MAGIC) {
            return Err(misplaced());
        }
        // The header's own name and extra field, whose length may differ from the directory's.
        let start = entry.offset + LOCAL_BYTES + u16_at(&local, 26) + u16_at(&local, 28);
        if start + entry.packed > self.length {
            return Err(misplaced());
        }
        Ok(start)
    }
}

impl<R> fmt::Debug for ZipReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZipReader").field("entries", &self.entries).finish_non_exhaustive()
    }
}

impl ZipEntry {
    fn unreadable(&self, expected: &'static str) -> ZipError {
        let found = match self.method {
            _ if self.encrypted => "encrypted".to_owned(),
            STORED if self.packed == self.unpacked => "stored".to_owned(),
            STORED => format!("stored in {} of {} bytes", self.packed, self.unpacked),
            DEFLATED => "deflated".to_owned(),
            method => format!("compressed by method {method}"),
        };
        ZipError::Method { name: self.name.clone(), found, expected }
    }
}

fn entries(directory: &[u8]) -> Result<Vec<ZipEntry>, ZipError> {
    let (mut entries, mut rest) = (Vec::new(), directory);
    while !rest.is_empty() {
        let at = directory.len() - rest.len();
        let (entry, after) = entry(rest).ok_or(ZipError::Directory { at })?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// The first entry, and what follows it.
fn entry(directory: &[u8]) -> Option<(ZipEntry, &[u8])> {
    let (head, rest) = directory.split_at_checked(ENTRY_BYTES)?;
    if !head.starts_with(&ENTRY_MAGIC) {
        return None;
    }
    // Name, extra field, comment.
    let lengths = [28, 30, 32].map(|at| u16_at(head, at) as usize);
    let name = String::from_utf8_lossy(rest.get(..lengths[0])?).into_owned();
    let rest = rest.get(lengths.iter().sum()..)?;
    let [packed, unpacked, offset] = [20, 24, 42].map(|at| u32_at(head, at));
    let entry = ZipEntry {
        name,
        packed,
        unpacked,
        method: u16_at(head, 10) as u16,
        encrypted: u16_at(head, 8) & 1 != 0,
        crc: u32_at(head, 16) as u32,
        offset,
    };
    Some((entry, rest))
}

/// The content of a member.
pub struct Member<'a, R> {
    content: Content<io::Take<&'a mut R>>,
    checksum: Hasher,
    read: u64,
    crc: u32,
    unpacked: u64,
}

enum Content<R> {
    Stored(R),
    #[cfg(feature = "deflate")]
    Deflated(DeflateDecoder<R>),
}

impl<R: Read> Read for Member<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.content {
            Content::Stored(content) => content.read(buffer)?,
            #[cfg(feature = "deflate")]
            Content::Deflated(content) => content.read(buffer)?,
        };
        self.checksum.update(&buffer[..count]);
        self.read += count as u64;
        let ended = count == 0 && !buffer.is_empty();
        if self.read > self.unpacked || (ended && self.read < self.unpacked) {
            return Err(fault("a member of another length than its directory says"));
        }
        if ended && self.checksum.clone().finalize() != self.crc {
            return Err(fault("a member with a wrong checksum"));
        }
        Ok(count)
    }
}

impl<R> fmt::Debug for Member<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, unpacked, .. } = self;
        write!(f, "Member {{ {read} of {unpacked} bytes read }}")
    }
}

fn fault(found: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the archive has {found}"))
}

fn u16_at(bytes: &[u8], at: usize) -> u64 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]]).into()
}

fn u32_at(bytes: &[u8], at: usize) -> u64 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]).into()
}
