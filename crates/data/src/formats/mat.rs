//! MATLAB 5 files of images and classes, as SVHN's cropped digits are published: `X`,
//! `[height, width, channels, count]` bytes, and `y`, `[count, 1]`, classes from 1, where the last
//! denotes 0.
//!
//! Format: MathWorks, "MAT-File Format", level 5. Elements may be packed by zlib. Nothing in a file
//! is trusted: dimensions must be those expected, and nothing of an element's size is allocated
//! before its bytes are there.

use std::io::{self, ErrorKind, Read};

use ebm_files::{ReadError, read_up_to};
use flate2::read::ZlibDecoder;
use thiserror::Error;

const HEADER_BYTES: usize = 128;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// An upper bound of what names of matrices, flags and dimensions take.
const MAX_SMALL_BYTES: u32 = 4_096;

/// A reason for which bytes are rejected as a MATLAB 5 file of images and classes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MatError {
    /// The file has another format, or another version of it.
    #[error("does not begin as a MATLAB 5 file, little-endian")]
    Magic,

    /// The file ends before an element does.
    #[error("is cut short or broken ({cause})")]
    Broken {
        /// The decoder's reason.
        cause: io::Error,
    },

    /// An element is not a matrix of numbers of the expected type.
    #[error("holds {found}, expected {expected}")]
    Form {
        /// The element in the file.
        found: String,
        /// The expected element.
        expected: &'static str,
    },

    /// A matrix has other dimensions.
    #[error("`{name}` is {found:?}, expected {expected:?}")]
    Dimensions {
        /// The matrix.
        name: &'static str,
        /// The dimensions in the file.
        found: Vec<u32>,
        /// The dimensions in the catalogue.
        expected: Vec<usize>,
    },

    /// A matrix is not in the file.
    #[error("holds no matrix `{name}`")]
    Absent {
        /// The name of the matrix.
        name: &'static str,
    },

    /// A number is none of the classes.
    #[error("the class of image {index} is {found}, expected 1 to {classes}")]
    Class {
        /// The image, counted from 0.
        index: usize,
        /// The number given as its class.
        found: f64,
        /// The number of classes.
        classes: u16,
    },
}

/// Returns pixels in planes, and classes from 0.
pub(crate) fn parse(
    bytes: &[u8],
    shape: [usize; 3],
    classes: u16,
    count: usize,
) -> Result<(Vec<u8>, Vec<u8>), MatError> {
    // Version 1.0, and "MI" as a little-endian machine writes it.
    let Some(([.., 0x00, 0x01, b'I', b'M'], body)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Err(MatError::Magic);
    };
    let [channels, height, width] = shape;
    let (mut images, mut labels) = (None, None);
    let mut rest = body;
    while !rest.is_empty() && (images.is_none() || labels.is_none()) {
        let Tag { kind, length, .. } = tag(&mut rest)?;
        let (element, after) = rest.split_at_checked(length as usize).ok_or_else(cut)?;
        rest = after;
        let mut reader: Box<dyn Read> = Box::new(element);
        if kind == COMPRESSED {
            reader = Box::new(ZlibDecoder::new(element));
            let Tag { kind, .. } = tag(&mut reader)?;
            expect(kind, MATRIX, "a matrix")?;
        } else {
            expect(kind, MATRIX, "a matrix")?;
        }
        let Matrix { name, dims } = matrix(&mut reader)?;
        match &name[..] {
            b"X" => {
                check("X", dims, [height, width, channels, count])?;
                images = Some(pixels(&mut reader, shape, count)?);
                finish(&mut reader)?;
            }
            b"y" => {
                check("y", dims, [count, 1])?;
                labels = Some(numbers(&mut reader, classes, count)?);
                finish(&mut reader)?;
            }
            _ => {}
        }
    }
    let absent = |name| MatError::Absent { name };
    Ok((images.ok_or_else(|| absent("X"))?, labels.ok_or_else(|| absent("y"))?))
}

/// The head of an element: its type and its length in bytes.
struct Tag {
    kind: u32,
    length: u32,
    /// The content of an element of four bytes or fewer, which lies in the tag itself.
    small: Option<[u8; 4]>,
}

fn tag(reader: &mut impl Read) -> Result<Tag, MatError> {
    let [kind, second] = [word(reader)?, word(reader)?];
    let word = u32::from_le_bytes(kind);
    match word >> 16 {
        0 => Ok(Tag { kind: word, length: u32::from_le_bytes(second), small: None }),
        length @ 1..=4 => Ok(Tag { kind: word & 0xffff, length, small: Some(second) }),
        _ => Err(form(format!("a tag {word:#x}"), "an element")),
    }
}

struct Matrix {
    name: Vec<u8>,
    dims: Vec<u32>,
}

/// Reads what comes before a matrix's numbers.
fn matrix(reader: &mut impl Read) -> Result<Matrix, MatError> {
    let flags = small(reader)?;
    // Complex numbers would have a second part.
    if flags.get(1).is_none_or(|flags| flags & 0x08 != 0) {
        return Err(form("complex numbers".into(), "real ones"));
    }
    let dims = small(reader)?;
    let dims = dims.as_chunks().0.iter().map(|&dim| u32::from_le_bytes(dim)).collect();
    Ok(Matrix { name: small(reader)?, dims })
}

/// Reads the content of a short element, with its padding to eight bytes.
fn small(reader: &mut impl Read) -> Result<Vec<u8>, MatError> {
    let tag = tag(reader)?;
    if let Some(bytes) = tag.small {
        return Ok(bytes[..tag.length as usize].to_vec());
    }
    if tag.length > MAX_SMALL_BYTES {
        return Err(form(format!("{} bytes", tag.length), "a matrix's name and dimensions"));
    }
    let mut content = vec![0; tag.length.next_multiple_of(8) as usize];
    reader.read_exact(&mut content).map_err(broken)?;
    content.truncate(tag.length as usize);
    Ok(content)
}

/// Reads the numbers of `X`: columns before rows become rows before columns.
fn pixels(reader: &mut impl Read, shape: [usize; 3], count: usize) -> Result<Vec<u8>, MatError> {
    let [channels, height, width] = shape;
    let Tag { kind, length, small } = tag(reader)?;
    expect(kind, 2, "unsigned bytes")?;
    let mut pixels = content(reader, length, small, count * channels * height * width)?;
    let mut columns = vec![0; height * width];
    for plane in pixels.chunks_exact_mut(height * width) {
        columns.copy_from_slice(plane);
        for (y, row) in plane.chunks_exact_mut(width).enumerate() {
            let values = columns.iter().skip(y).step_by(height);
            row.iter_mut().zip(values).for_each(|(pixel, &value)| *pixel = value);
        }
    }
    Ok(pixels)
}

/// Reads the numbers of `y`: bytes or doubles, of which MATLAB chooses one.
fn numbers(reader: &mut impl Read, classes: u16, count: usize) -> Result<Vec<u8>, MatError> {
    let Tag { kind, length, small } = tag(reader)?;
    let found: Vec<f64> = match kind {
        2 => content(reader, length, small, count)?.into_iter().map(f64::from).collect(),
        9 => {
            let bytes = content(reader, length, small, count.saturating_mul(8))?;
            bytes.as_chunks().0.iter().map(|&number| f64::from_le_bytes(number)).collect()
        }
        _ => return Err(form(format!("type {kind}"), "bytes or doubles")),
    };
    let classified = found.into_iter().enumerate().map(|(index, found)| {
        if found.fract() == 0.0 && (1.0..=f64::from(classes)).contains(&found) {
            Ok((found as u16 % classes) as u8)
        } else {
            Err(MatError::Class { index, found, classes })
        }
    });
    classified.collect()
}

fn content(
    reader: &mut impl Read,
    length: u32,
    small: Option<[u8; 4]>,
    expected: usize,
) -> Result<Vec<u8>, MatError> {
    if length as usize != expected {
        return Err(form(format!("{length} bytes"), "as many numbers as the dimensions announce"));
    }
    let bytes = match small {
        Some(bytes) => bytes[..expected].to_vec(),
        None => match read_up_to(reader.take(u64::from(length)), u64::from(length)) {
            Ok(bytes) => bytes,
            Err(ReadError::Io { cause }) => return Err(broken(cause)),
            Err(_) => return Err(cut()),
        },
    };
    if bytes.len() == expected { Ok(bytes) } else { Err(cut()) }
}

/// Reads the padding of the last element: zlib checks its checksum at the end.
fn finish(reader: &mut impl Read) -> Result<(), MatError> {
    match io::copy(&mut reader.take(9), &mut io::sink()).map_err(broken)? {
        0..8 => Ok(()),
        _ => Err(form("more numbers".into(), "the end of the matrix")),
    }
}

fn check<const N: usize>(
    name: &'static str,
    found: Vec<u32>,
    expected: [usize; N],
) -> Result<(), MatError> {
    if found.iter().map(|&dim| dim as usize).eq(expected) {
        return Ok(());
    }
    Err(MatError::Dimensions { name, found, expected: expected.to_vec() })
}

fn expect(kind: u32, expected: u32, what: &'static str) -> Result<(), MatError> {
    if kind == expected { Ok(()) } else { Err(form(format!("type {kind}"), what)) }
}

fn word(reader: &mut impl Read) -> Result<[u8; 4], MatError> {
    let mut word = [0; 4];
    reader.read_exact(&mut word).map_err(broken)?;
    Ok(word)
}

fn form(found: String, expected: &'static str) -> MatError {
    MatError::Form { found, expected }
}

fn broken(cause: io::Error) -> MatError {
    MatError::Broken { cause }
}

fn cut() -> MatError {
    broken(io::Error::from(ErrorKind::UnexpectedEof))
}
