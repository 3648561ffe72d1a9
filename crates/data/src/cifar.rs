//! The binary version of CIFAR-10: records of one byte of class and an image in planes of red, green and
//! blue, without a header.

use crate::error::FileProblem;

/// Appends the pixels and classes of a file's records; nothing of a file that has a fault.
pub(crate) fn parse(
    bytes: &[u8],
    shape: [usize; 3],
    classes: u16,
    pixels: &mut Vec<u8>,
    labels: &mut Vec<u8>,
) -> Result<(), FileProblem> {
    let record = 1 + shape.iter().product::<usize>();
    if !bytes.len().is_multiple_of(record) {
        return Err(FileProblem::Records { found: bytes.len() as u64, record: record as u64 });
    }
    let records = || bytes.chunks_exact(record).map(|record| (record[0], &record[1..]));
    check_labels(records().map(|(label, _)| label), classes)?;
    for (label, image) in records() {
        labels.push(label);
        pixels.extend_from_slice(image);
    }
    Ok(())
}

/// Every label below the number of classes.
pub(crate) fn check_labels(
    labels: impl Iterator<Item = u8>,
    classes: u16,
) -> Result<(), FileProblem> {
    match labels.enumerate().find(|&(_, label)| u16::from(label) >= classes) {
        Some((index, found)) => Err(FileProblem::Label { index, found, classes }),
        None => Ok(()),
    }
}
