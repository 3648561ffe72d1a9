//! The directory of a ZIP archive whose entries are stored as they are, as PyTorch writes it (APPNOTE.TXT 6.3.10,
//! sections 4.3.7, 4.3.12 and 4.3.16).

use std::ops::Range;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;

/// Whether a file begins as an archive does.
pub(super) fn recognises(file: &[u8]) -> bool {
    file.starts_with(LOCAL)
}

/// Names and places of the entries.
pub(super) fn entries(file: &[u8]) -> Result<Vec<(String, Range<usize>)>, String> {
    // PyTorch writes no comment, so the end is at the end.
    let end = file.len().checked_sub(END_LENGTH).filter(|&end| file[end..].starts_with(END));
    let end = end.ok_or("the archive's directory is missing: is the file cut?")?;
    let (count, mut at) = (short(file, end + 10)?, word(file, end + 16)?);
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        if !part(file, at, 4)?.starts_with(CENTRAL) {
            return Err(format!("no entry of the archive's directory is at byte {at}"));
        }
        let [name, extra, comment] = [28, 30, 32].map(|field| short(file, at + field));
        let (name, extra, comment) = (name?, extra?, comment?);
        let text = String::from_utf8_lossy(part(file, at + 46, name)?).into_owned();
        let (packed, size, local) =
            (word(file, at + 20)?, word(file, at + 24)?, word(file, at + 42)?);
        if short(file, at + 10)? != 0 || packed != size {
            return Err(format!("{text} is compressed; PyTorch stores tensors as they are"));
        }
        if !part(file, local, 4)?.starts_with(LOCAL) {
            return Err(format!("{text} is not at byte {local}"));
        }
        // The local header's extra field, which aligns the content, has its own length.
        let start = local + 30 + short(file, local + 26)? + short(file, local + 28)?;
        part(file, start, size)?;
        entries.push((text, start..start + size));
        at += 46 + name + extra + comment;
    }
    Ok(entries)
}

fn part(file: &[u8], at: usize, count: usize) -> Result<&[u8], String> {
    let end = at.checked_add(count).ok_or("the archive is larger than a file can be")?;
    file.get(at..end).ok_or_else(|| format!("it ends early, at byte {}", file.len()))
}

fn short(file: &[u8], at: usize) -> Result<usize, String> {
    let bytes = part(file, at, 2)?;
    Ok(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

fn word(file: &[u8], at: usize) -> Result<usize, String> {
    let bytes = part(file, at, 4)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
}
