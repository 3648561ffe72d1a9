//! Records of one byte of class and one image in planes, without a header: the binary version of
//! CIFAR-10.

use thiserror::Error;

/// A reason for which bytes are rejected as records.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// The file does not consist of whole records.
    #[error("{found} bytes, expected a multiple of {record}, the length of a record")]
    Length {
        /// The length of the file, unpacked.
        found: u64,
        /// The length of one image and its class.
        record: u64,
    },

    /// A label is none of the classes.
    #[error("{0}")]
    Label(#[from] LabelError),
}

/// A label that is none of the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the label of image {index} is {found}, expected below {classes}")]
pub struct LabelError {
    /// The image, counted from 0 in its file.
    pub index: usize,
    /// The label of the image.
    pub found: u8,
    /// The number of classes.
    pub classes: u16,
}

/// Appends the pixels and classes of all records; nothing of a file that has a fault.
pub(crate) fn parse(
    bytes: &[u8],
    shape: [usize; 3],
    classes: u16,
    pixels: &mut Vec<u8>,
    labels: &mut Vec<u8>,
) -> Result<(), RecordsError> {
    let record = 1 + shape.iter().product::<usize>();
    if !bytes.len().is_multiple_of(record) {
        return Err(RecordsError::Length { found: bytes.len() as u64, record: record as u64 });
    }
    let records = || bytes.chunks_exact(record).map(|record| (record[0], &record[1..]));
    check_labels(records().map(|(label, _)| label), classes)?;
    for (label, image) in records() {
        labels.push(label);
        pixels.extend_from_slice(image);
    }
    Ok(())
}

/// Checks that every label is below the number of classes.
pub(crate) fn check_labels(
    labels: impl Iterator<Item = u8>,
    classes: u16,
) -> Result<(), LabelError> {
    match labels.enumerate().find(|&(_, label)| u16::from(label) >= classes) {
        Some((index, found)) => Err(LabelError { index, found, classes }),
        None => Ok(()),
    }
}
