//! Reading arrays.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::element::{Element, ElementType};
use super::error::NpyError;
use super::magic::MAGIC;
use crate::error::FileError;
use crate::read::{ReadError, read_up_to};

/// Headers of arrays without field names are far shorter.
const MAX_HEADER_BYTES: usize = 4_096;
const MAX_RANK: usize = 8;

/// An array in C order, as a file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyArray {
    element: ElementType,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl NpyArray {
    /// Reads an array of at most `limit` bytes; holds at most twice that and a page.
    ///
    /// # Errors
    /// [`NpyError`].
    pub fn read(mut reader: impl Read, limit: u64) -> Result<Self, NpyError> {
        let header = header(&mut reader)?;
        let unreadable = || {
            let header: String = header.chars().take(80).collect();
            NpyError::Header { header }
        };
        let Header { descr, fortran_order, shape } = parse(&header).ok_or_else(unreadable)?;
        let Some(element) = ElementType::from_name(descr) else {
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
            return Err(NpyError::TooLarge { shape, limit });
        };
        let data = match read_up_to(reader, expected) {
            Ok(data) => data,
            Err(ReadError::Io { cause }) => return Err(NpyError::Io { cause }),
            Err(ReadError::TooLong { .. }) => {
                return Err(NpyError::Length { found: expected + 1, expected });
            }
        };
        if data.len() as u64 != expected {
            return Err(NpyError::Length { found: data.len() as u64, expected });
        }
        Ok(Self { element, shape: shape.into_iter().map(|dim| dim as usize).collect(), data })
    }

    /// Reads an .npy file whose elements have at most `limit` bytes.
    ///
    /// # Errors
    /// [`FileError::Io`] if the file cannot be opened, [`FileError::Npy`] if it is no such array.
    pub fn read_file(path: &Path, limit: u64) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        Self::read(BufReader::new(file), limit).map_err(|problem| FileError::Npy {
            path: path.to_path_buf(),
            array: None,
            problem,
        })
    }

    /// Returns the type of the elements.
    pub fn element(&self) -> ElementType {
        self.element
    }

    /// Returns the dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the elements in row-major order, little-endian.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Returns the elements in row-major order, little-endian, without a copy.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Returns the elements in row-major order, `None` if they are of another type than `T`.
    pub fn values<T: Element>(&self) -> Option<Vec<T>> {
        let values = self.data.chunks_exact(T::TYPE.bytes()).map(T::from_bytes);
        (self.element == T::TYPE).then(|| values.collect())
    }
}

fn header(reader: &mut impl Read) -> Result<String, NpyError> {
    let io = |cause| NpyError::Io { cause };
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|cause| match cause.kind() {
        io::ErrorKind::UnexpectedEof => NpyError::Magic,
        _ => NpyError::Io { cause },
    })?;
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

/// Parses `{'descr': '|u1', 'fortran_order': False, 'shape': (5, 28, 28), }`, with the keys in any
/// order.
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
                let literal = if value.starts_with("True") { "True" } else { "False" };
                fortran_order = Some(literal == "True");
                value.strip_prefix(literal)?
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

/// The numbers of `5, 28, 28`, of `5,` and of the empty tuple.
fn tuple(text: &str) -> Option<Vec<u64>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    let dims: Option<Vec<u64>> = text.split(',').map(|dim| dim.trim().parse().ok()).collect();
    dims.filter(|dims| dims.len() <= MAX_RANK)
}
