use std::io::{Cursor, ErrorKind, Read, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

use super::write::small;
use super::*;

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zip = ZipWriter::new(&mut bytes);
    for (name, content) in members {
        zip.member(name, |writer| writer.write_all(content)).unwrap();
    }
    zip.finish().unwrap();
    bytes
}

fn content(archive: &[u8], name: &str) -> Result<Vec<u8>, String> {
    let mut zip = ZipReader::open(Cursor::new(archive)).map_err(|error| error.to_string())?;
    let member = zip.member(name).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    member.ok_or("none")?.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[test]
fn members_are_read_back() {
    let archive = archive(&[("a", b"one"), ("ε", b""), ("c/d", &[7; 70_000])]);
    let mut zip = ZipReader::open(Cursor::new(&archive)).unwrap();
    let names: Vec<_> = zip.entries().iter().map(|entry| entry.name.clone()).collect();
    assert_eq!(names, ["a", "ε", "c/d"]);
    assert!(zip.contains("ε") && !zip.contains("e"));
    assert!(zip.member("e").unwrap().is_none());
    assert_eq!(content(&archive, "a").unwrap(), b"one");
    assert_eq!(content(&archive, "c/d").unwrap(), [7; 70_000]);
    let entry = zip.entries()[2].clone();
    let range = zip.stored_range(&entry).unwrap();
    assert_eq!(archive[range.start as usize..range.end as usize], [7; 70_000]);
    // A comment may follow.
    let mut commented = archive.clone();
    let at = commented.len() - 2;
    commented[at] = 5;
    commented.extend(b"12345");
    assert_eq!(content(&commented, "ε").unwrap(), b"");
}

/// The archive with its only member deflated.
fn deflated(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    let packed = encoder.finish().unwrap();
    let plain = archive(&[(name, bytes)]);
    let start = 30 + name.len();
    let mut changed = [&plain[..start], &packed, &plain[start + bytes.len()..]].concat();
    let directory = start + packed.len();
    changed[directory + 10] = 8;
    changed[directory + 20..directory + 24].copy_from_slice(&(packed.len() as u32).to_le_bytes());
    let end = changed.len() - 6;
    changed[end..end + 4].copy_from_slice(&(directory as u32).to_le_bytes());
    changed
}

#[test]
fn deflated_members_are_read_in_their_turn_and_not_as_a_range() {
    let packed = deflated("zeros", &[0; 100_000]);
    assert!(packed.len() < 1_000);
    assert_eq!(content(&packed, "zeros").unwrap(), [0; 100_000]);
    let mut zip = ZipReader::open(Cursor::new(&packed)).unwrap();
    let entry = zip.entries()[0].clone();
    let message = zip.stored_range(&entry).unwrap_err().to_string();
    assert_eq!(message, "the member `zeros` is deflated, expected stored");
}

#[test]
fn each_fault_has_its_error() {
    let good = archive(&[("x", b"content")]);
    let directory = 30 + 1 + 7;
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        content(&bytes, "x").unwrap_err()
    };
    assert!(content(&good[..good.len() - 1], "x").unwrap_err().contains("no directory at its end"));
    assert!(changed(33, b'!').contains("a member with a wrong checksum"));
    assert!(changed(0, b'!').contains("no member `x` where its directory says"));
    assert!(changed(directory, b'!').contains("no entry at its byte 0"));
    assert!(changed(directory + 8, 1).contains("is encrypted, expected stored or deflated"));
    assert!(changed(directory + 10, 12).contains("is compressed by method 12"));
    assert!(changed(directory + 24, 9).contains("another length"));
    assert!(changed(directory + 23, 9).contains("no member `x` where"));
    assert!(changed(directory + 44, 9).contains("no member `x` where"));
    assert!(changed(good.len() - 7, 9).contains("a directory of"));
}

#[test]
fn sizes_of_64_bits_are_refused() {
    assert_eq!(small(u64::from(u32::MAX) - 1).unwrap(), u32::MAX - 1);
    for size in [u64::from(u32::MAX), 1 << 32, u64::MAX] {
        let error = small(size).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}

#[test]
fn a_member_that_changes_while_it_is_written_is_an_error() {
    let calls = std::cell::Cell::new(0_u8);
    let mut zip = ZipWriter::new(Vec::new());
    let error = zip.member("x", |writer| {
        calls.set(calls.get() + 1);
        writer.write_all(&[calls.get()])
    });
    assert!(error.unwrap_err().to_string().contains("differed"));
}

proptest! {
    /// A mutated or truncated archive is read or rejected, without a panic.
    #[test]
    fn corrupted_archives_do_not_panic(
        changes in proptest::collection::vec((0.0..1.0, any::<u8>()), 0..4),
        cut in 0.0..1.2,
        deflate: bool,
    ) {
        let mut bytes = if deflate {
            deflated("x", &[1; 500])
        } else {
            archive(&[("x", b"content"), ("y", &[3; 300])])
        };
        let length = bytes.len() as f64;
        for (at, byte) in changes {
            bytes[(at * length) as usize] = byte;
        }
        bytes.truncate((cut * length) as usize);
        let _ = content(&bytes, "x");
        if let Ok(mut zip) = ZipReader::open(Cursor::new(&bytes)) {
            for entry in zip.entries().to_vec() {
                if let Ok(range) = zip.stored_range(&entry) {
                    prop_assert!(range.end <= bytes.len() as u64);
                }
            }
        }
    }
}
