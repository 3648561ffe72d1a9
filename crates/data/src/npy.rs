//! NumPy's .npy: a header, which is a dictionary written in Python, and one array.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. Nothing in a file is
//! believed: the header has a limit, and nothing of the array's size is asked for before its bytes are there.

use std::io::{self, Read};

use thiserror::Error;

use crate::idx::{IdxError, read_up_to};

const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// Headers of arrays without field names are far shorter.
const MAX_HEADER_BYTES: usize = 4_096;
const MAX_RANK: usize = 8;

/// Numbers of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    U8,
    F32,
    /// Signed, of this many bytes.
    Int(usize),
    /// Unsigned, of this many bytes, more than one.
    UInt(usize),
}

impl Element {
    /// By NumPy's name: little-endian, or one byte.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "|u1" => Self::U8,
            "<f4" => Self::F32,
            "|i1" => Self::Int(1),
            "<i2" => Self::Int(2),
            "<i4" => Self::Int(4),
            "<i8" => Self::Int(8),
            "<u2" => Self::UInt(2),
            "<u4" => Self::UInt(4),
            "<u8" => Self::UInt(8),
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F32 => 4,
            Self::Int(bytes) | Self::UInt(bytes) => bytes,
        }
    }
}

/// An array as a file holds it, in C order.
#[derive(Clone, Debug)]
pub(crate) struct NpyArray {
    pub(crate) element: Element,
    pub(crate) dims: Vec<usize>,
    /// The numbers, little-endian.
    pub(crate) data: Vec<u8>,
}

/// Why bytes are not an array that can be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NpyError {
    /// Not .npy.
    #[error("does not begin as an .npy file of version 1, 2 or 3")]
    Magic,

    /// The header is no dictionary of the three known keys.
    #[error("has a header that cannot be read: {header:?}")]
    Header {
        /// Its beginning.
        header: String,
    },

    /// Numbers of another type.
    #[error(
        "has elements of type {found:?}, expected |u1 or <f4 of images, little-endian integers of labels"
    )]
    Element {
        /// NumPy's name of the type.
        found: String,
    },

    /// Columns before rows.
    #[error("is in Fortran's order, expected C's: save numpy.ascontiguousarray(array)")]
    Order,

    /// Another length than the header says.
    #[error("has {found} bytes of elements, expected {expected}")]
    Length {
        /// Bytes there are, at most one more than expected.
        found: u64,
        /// Bytes the header announces.
        expected: u64,
    },

    /// The header announces more than any file may hold.
    #[error("the header announces elements of {dims:?}, expected at most {limit} bytes")]
    TooLarge {
        /// The header's dimensions.
        dims: Vec<u64>,
        /// The most bytes.
        limit: u64,
    },

    /// Reading failed: the file, or the archive that it is in, is broken or was cut short.
    #[error("cannot be read, broken or cut short ({cause})")]
    Io {
        /// The reason.
        cause: io::Error,
    },
}

impl NpyArray {
    /// Reads an array of at most `limit` bytes; holds at most twice that and a page.
    pub(crate) fn read(mut reader: impl Read, limit: u64) -> Result<Self, NpyError> {
        let header = header(&mut reader)?;
        let unreadable = || {
            let header: String = header.chars().take(80).collect();
            NpyError::Header { header }
        };
        let Header { descr, fortran_order, shape } = parse(&header).ok_or_else(unreadable)?;
        let Some(element) = Element::named(descr) else {
            return Err(NpyError::Element { found: descr.to_owned() });
        };
        if fortran_order && shape.len() > 1 {
            return Err(NpyError::Order);
        }
        // Checked: the product of many dimensions overflows any integer.
        let expected = shape
            .iter()
            .try_fold(element.bytes() as u64, |product, &dim| product.checked_mul(dim))
            .filter(|&expected| expected <= limit);
        let Some(expected) = expected else {
            return Err(NpyError::TooLarge { dims: shape, limit });
        };
        let data = match read_up_to(reader, expected) {
            Ok(data) => data,
            Err(IdxError::Io { cause }) => return Err(NpyError::Io { cause }),
            Err(_) => return Err(NpyError::Length { found: expected + 1, expected }),
        };
        if data.len() as u64 != expected {
            return Err(NpyError::Length { found: data.len() as u64, expected });
        }
        Ok(Self { element, dims: shape.into_iter().map(|dim| dim as usize).collect(), data })
    }
}

fn header(reader: &mut impl Read) -> Result<String, NpyError> {
    let io = |cause| NpyError::Io { cause };
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|_| NpyError::Magic)?;
    let mut length = [0; 4];
    // Version 1 has a length of two bytes, the others have one of four.
    let width = match start {
        [magic @ .., 1, 0] if magic == MAGIC => 2,
        [magic @ .., 2 | 3, 0] if magic == MAGIC => 4,
        _ => return Err(NpyError::Magic),
    };
    reader.read_exact(&mut length[..width]).map_err(io)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER_BYTES {
        return Err(NpyError::Header { header: format!("{length} bytes") });
    }
    let mut header = vec![0; length];
    reader.read_exact(&mut header).map_err(io)?;
    Ok(String::from_utf8_lossy(&header).into_owned())
}

struct Header<'a> {
    descr: &'a str,
    fortran_order: bool,
    shape: Vec<u64>,
}

/// `{'descr': '|u1', 'fortran_order': False, 'shape': (5, 28, 28), }`, in any order of the keys.
fn parse(text: &str) -> Option<Header<'_>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        rest = match key {
            "descr" => {
                let (name, after) = quoted(value)?;
                descr = Some(name);
                after
            }
            "fortran_order" => {
                let word = if value.starts_with("True") { "True" } else { "False" };
                fortran_order = Some(word == "True");
                value.strip_prefix(word)?
            }
            "shape" => {
                let (dims, after) = value.strip_prefix('(')?.split_once(')')?;
                shape = Some(tuple(dims)?);
                after
            }
            _ => return None,
        }
        .trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(Header { descr: descr?, fortran_order: fortran_order?, shape: shape? })
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('\'')?.split_once('\'')
}

/// The numbers of `5, 28, 28`, of `5,` and of nothing.
fn tuple(text: &str) -> Option<Vec<u64>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    let dims: Option<Vec<u64>> = text.split(',').map(|dim| dim.trim().parse().ok()).collect();
    dims.filter(|dims| dims.len() <= MAX_RANK)
}
