//! The part of ZIP that .npz files need: members found by name, stored or deflated, checked by their sums.
//!
//! Format: PKWARE's APPNOTE 6.3.10. Sizes are those of the central directory, since NumPy leaves out those before the
//! members. ZIP64 is not read: what it adds is above the limits here.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

const END_BYTES: u64 = 22;
const END_MAGIC: u32 = 0x0605_4b50;
/// A comment may follow the end's record.
const MAX_COMMENT_BYTES: u64 = 0xffff;
const MAX_DIRECTORY_BYTES: u32 = 1 << 20;
const ENTRY_BYTES: usize = 46;
const ENTRY_MAGIC: u32 = 0x0201_4b50;
const LOCAL_BYTES: usize = 30;
const LOCAL_MAGIC: u32 = 0x0403_4b50;

/// An archive whose directory has been read.
pub(crate) struct Zip<R> {
    reader: R,
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    deflated: bool,
    crc: u32,
    packed: u32,
    unpacked: u32,
    offset: u32,
}

impl<R: Read + Seek> Zip<R> {
    /// Reads the directory. Errors say in words what is wrong.
    pub(crate) fn open(mut reader: R) -> io::Result<Self> {
        let length = reader.seek(SeekFrom::End(0))?;
        let tail_length = length.min(END_BYTES + MAX_COMMENT_BYTES);
        reader.seek(SeekFrom::Start(length - tail_length))?;
        let mut tail = Vec::new();
        (&mut reader).take(tail_length).read_to_end(&mut tail)?;
        let starts = (0..(tail.len() + 1).saturating_sub(END_BYTES as usize)).rev();
        let end = starts
            .map(|start| &tail[start..start + END_BYTES as usize])
            .find(|end| u32_at(end, 0) == END_MAGIC)
            .ok_or_else(|| fault("no directory at its end: not a ZIP archive, or cut short"))?;
        let (size, offset) = (u32_at(end, 12), u32_at(end, 16));
        if size > MAX_DIRECTORY_BYTES {
            return Err(fault("a directory too long for an .npz file"));
        }
        reader.seek(SeekFrom::Start(offset.into()))?;
        let mut directory = Vec::new();
        (&mut reader).take(size.into()).read_to_end(&mut directory)?;
        let entries = entries(&directory).ok_or_else(|| fault("a broken directory"))?;
        Ok(Self { reader, entries })
    }

    /// Whether there is a member of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name.as_bytes())
    }

    /// The content of a member: what is read of it is checked when its end is reached.
    pub(crate) fn member(&mut self, name: &str) -> io::Result<Option<impl Read>> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name.as_bytes()) else {
            return Ok(None);
        };
        let Entry { deflated, crc, packed, unpacked, offset, .. } = *entry;
        self.reader.seek(SeekFrom::Start(offset.into()))?;
        let mut local = [0; LOCAL_BYTES];
        self.reader.read_exact(&mut local)?;
        if u32_at(&local, 0) != LOCAL_MAGIC {
            return Err(fault("a directory that points to no member"));
        }
        let skip = i64::from(u16_at(&local, 26)) + i64::from(u16_at(&local, 28));
        self.reader.seek(SeekFrom::Current(skip))?;
        let packed = (&mut self.reader).take(packed.into());
        let content = if deflated {
            Content::Deflated(DeflateDecoder::new(packed))
        } else {
            Content::Stored(packed)
        };
        Ok(Some(Checked { content, sum: Crc::new(), crc, unpacked }))
    }
}

fn entries(mut directory: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !directory.is_empty() {
        let head = directory.get(..ENTRY_BYTES).filter(|head| u32_at(head, 0) == ENTRY_MAGIC)?;
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(head, at)));
        let rest = &directory[ENTRY_BYTES..];
        let name = rest.get(..lengths[0])?.to_vec();
        directory = rest.get(lengths.iter().sum()..)?;
        let (flags, method) = (u16_at(head, 8), u16_at(head, 10));
        // Encrypted members and other methods are none that NumPy writes.
        if flags & 1 != 0 || !matches!(method, 0 | 8) {
            return None;
        }
        let [crc, packed, unpacked] = [16, 20, 24].map(|at| u32_at(head, at));
        let offset = u32_at(head, 42);
        entries.push(Entry { name, deflated: method == 8, crc, packed, unpacked, offset });
    }
    Some(entries)
}

enum Content<R> {
    Stored(R),
    Deflated(DeflateDecoder<R>),
}

/// Gives no more than the directory announces, and its end only if the sum is right.
struct Checked<R> {
    content: Content<R>,
    sum: Crc,
    crc: u32,
    unpacked: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.content {
            Content::Stored(content) => content.read(buffer)?,
            Content::Deflated(content) => content.read(buffer)?,
        };
        self.sum.update(&buffer[..count]);
        let ended = count == 0 && !buffer.is_empty();
        if self.sum.amount() > self.unpacked || (ended && self.sum.amount() < self.unpacked) {
            return Err(fault("a member of another length than its directory says"));
        }
        if ended && self.sum.sum() != self.crc {
            return Err(fault("a member with a wrong sum"));
        }
        Ok(count)
    }
}

fn fault(found: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the archive has {found}"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
