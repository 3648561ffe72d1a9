//! Writing arrays.

use std::io::{self, ErrorKind, Write};

use super::element::Element;
use super::magic::MAGIC;

/// Values that are converted at a time.
const CHUNK: usize = 1 << 13;

/// Writes an array in row-major order, byte for byte as `numpy.save` does: version 1.0 of the
/// format.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let mut npy = Vec::new();
/// ebm_files::write_npy(&mut npy, &[1, 2], &[1.5_f32, -2.0])?;
/// assert_eq!(npy.len(), 128 + 8);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if the values do not fill the shape, and the errors of the writer.
pub fn write_npy<T: Element>(
    mut writer: impl Write,
    shape: &[usize],
    values: &[T],
) -> io::Result<()> {
    if shape.iter().product::<usize>() != values.len() {
        let message = format!("{} values do not fill the shape {shape:?}", values.len());
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    writer.write_all(&header::<T>(shape)?)?;
    let mut bytes = Vec::with_capacity(CHUNK * T::TYPE.bytes());
    for values in values.chunks(CHUNK) {
        bytes.clear();
        values.iter().for_each(|value| value.append(&mut bytes));
        writer.write_all(&bytes)?;
    }
    Ok(())
}

fn header<T: Element>(shape: &[usize]) -> io::Result<Vec<u8>> {
    let axes: Vec<_> = shape.iter().map(ToString::to_string).collect();
    // Python writes a tuple of one with a comma.
    let shape = axes.join(", ") + if axes.len() == 1 { "," } else { "" };
    let descr = T::TYPE;
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    // Magic number, version and length are 10 bytes, the line feed one; values start at a multiple
    // of 64.
    let length = (text.len() + 11).next_multiple_of(64) - 11;
    text.extend(std::iter::repeat_n(' ', length - text.len()));
    text.push('\n');
    let mut header = [&MAGIC[..], &[1, 0]].concat();
    header.extend(u16::try_from(text.len()).map_err(io::Error::other)?.to_le_bytes());
    header.extend(text.as_bytes());
    Ok(header)
}
