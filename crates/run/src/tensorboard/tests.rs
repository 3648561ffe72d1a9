use super::*;
use std::collections::BTreeMap;

/// Computes CRC-32C bit by bit (RFC 3720), so that the reader shares nothing with the writer.
fn plain_crc(data: &[u8]) -> u32 {
    !data.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 }
        })
    })
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Returns the messages of a file; panics where a checksum or a length is wrong.
fn records(mut file: &[u8]) -> Vec<&[u8]> {
    let check = |data: &[u8], stored: &[u8]| {
        let unmasked = (number(stored) as u32).wrapping_sub(0xa282_ead8).rotate_left(15);
        assert_eq!(unmasked, plain_crc(data));
    };
    let mut messages = Vec::new();
    while !file.is_empty() {
        let length = take(&mut file, 8);
        check(length, take(&mut file, 4));
        let message = take(&mut file, number(length) as usize);
        check(message, take(&mut file, 4));
        messages.push(message);
    }
    messages
}

/// Returns number and content of the fields of a protocol buffer; the content of a varint is its
/// value in eight bytes.
fn fields(mut message: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(rest: &mut &[u8]) -> u64 {
        let mut bits = 0;
        for shift in (0..).step_by(7) {
            let byte = take(rest, 1)[0];
            bits |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        bits
    }
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let content = match key & 7 {
            0 => varint(&mut message).to_le_bytes().to_vec(),
            1 => take(&mut message, 8).to_vec(),
            2 => {
                let length = varint(&mut message) as usize;
                take(&mut message, length).to_vec()
            }
            5 => take(&mut message, 4).to_vec(),
            wire_type => panic!("wire type {wire_type}"),
        };
        fields.push((key >> 3, content));
    }
    fields
}

/// Returns (step, tag, value) of every scalar, and checks times and the first record.
fn scalars(file: &[u8]) -> Vec<(u64, String, f32)> {
    let mut found = Vec::new();
    for (index, message) in records(file).into_iter().enumerate() {
        let event: BTreeMap<_, _> = fields(message).into_iter().collect();
        let seconds = f64::from_bits(number(&event[&1]));
        assert!((1.7e9..1e11).contains(&seconds), "{seconds}");
        if index == 0 {
            assert_eq!(event[&3], b"brain.Event:2");
            continue;
        }
        for (field, value) in fields(&event[&5]) {
            assert_eq!(field, 1);
            let value: BTreeMap<_, _> = fields(&value).into_iter().collect();
            let tag = String::from_utf8(value[&1].clone()).expect("UTF-8");
            found.push((number(&event[&2]), tag, f32::from_bits(number(&value[&2]) as u32)));
        }
    }
    found
}

fn written(write: impl FnOnce(&mut EventFile)) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut file = EventFile::create(folder.path()).expect("writable");
    write(&mut file);
    file.flush().expect("writable");
    let mut entries = folder.path().read_dir().expect("readable");
    let entry = entries.next().expect("one file").expect("readable");
    assert!(entries.next().is_none());
    let name = entry.file_name().into_string().expect("UTF-8");
    assert!(name.starts_with("events.out.tfevents.1") && name.ends_with(".ebm"), "{name}");
    std::fs::read(entry.path()).expect("readable")
}

/// The check value of the CRC catalogue and two test vectors of RFC 3720 (B.4).
#[test]
fn published_checksums() {
    for (data, crc) in
        [(&b"123456789"[..], 0xe306_9283), (&[0; 32], 0x8a91_36aa), (&[0xff; 32], 0x62a8_ab43)]
    {
        assert_eq!(crc32c::crc32c(data), crc);
        assert_eq!(plain_crc(data), crc);
    }
}

#[test]
fn scalars_survive_the_round_trip() {
    let long = "x".repeat(300);
    let file = written(|file| {
        file.scalars(0, &[("a", 0.5)]).expect("writable");
        file.scalars(1 << 40, &[("b/c", -1e-3), (long.as_str(), f64::INFINITY)]).expect("writable");
        file.scalars(127, &[("ü", 3.0)]).expect("writable");
        file.scalars(128, &[("", f64::NAN)]).expect("writable");
    });
    let found = scalars(&file);
    let expected = [
        (0, "a", 0.5),
        (1 << 40, "b/c", -1e-3),
        (1 << 40, long.as_str(), f32::INFINITY),
        (127, "ü", 3.0),
    ];
    let expected =
        expected.map(|(step, tag, value): (u64, &str, f32)| (step, tag.to_owned(), value));
    assert_eq!(found[..4], expected);
    assert!(found[4].0 == 128 && found[4].2.is_nan());
    assert_eq!(found.len(), 5);
}

#[test]
fn all_fields_except_the_iteration_are_written() {
    #[derive(Serialize)]
    struct Metrics {
        iteration: u64,
        epoch: u64,
        kl: f64,
        displacement: f64,
    }
    let metrics = Metrics { iteration: 7, epoch: 1, kl: f64::INFINITY, displacement: 7.5 };
    let file = written(|file| file.fields("train", 7, &metrics).expect("writable"));
    let found: BTreeMap<_, _> =
        scalars(&file).into_iter().map(|(step, tag, value)| (tag, (step, value))).collect();
    assert_eq!(found["train/epoch"], (7, 1.0));
    assert_eq!(found["train/displacement"], (7, 7.5));
    assert!(found["train/kl"].1.is_nan());
    assert_eq!(found.len(), 3);
}
