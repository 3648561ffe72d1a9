//! Event files of TensorBoard: records of TensorFlow, each a protocol buffer between two checksums.
//!
//! ```text
//! record   length: u64, masked CRC of it: u32, message, masked CRC of it: u32   (little-endian)
//! Event    1 wall_time: double, 2 step: int64, 3 file_version: string, 5 summary: Summary
//! Summary  1 value (repeated): Value
//! Value    1 tag: string, 2 simple_value: float
//! ```
//!
//! Formats: `tensorflow/core/lib/io/record_writer.h`, `core/util/event.proto`, `core/framework/summary.proto`.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ebm::teaching::{Event, Listener, Trainer};
use serde::Serialize;
use serde_json::Value;

/// The first record of every event file.
const VERSION: &str = "brain.Event:2";

/// Wire types of protocol buffers.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// An event file, open for appending scalars.
pub(super) struct EventFile {
    file: BufWriter<File>,
}

impl EventFile {
    /// A new event file in a folder, named so that TensorBoard finds it.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let seconds = now_secs();
        let name = format!("events.out.tfevents.{:010}.ebm", seconds as u64);
        let mut file = Self { file: BufWriter::new(File::create(folder.join(name))?) };
        file.write(&event(seconds, 0, 3, VERSION.as_bytes()))?;
        Ok(file)
    }

    /// Appends numbers of one step as one record.
    pub(super) fn scalars(
        &mut self,
        step: u64,
        scalars: &[(impl AsRef<str>, f64)],
    ) -> io::Result<()> {
        let mut summary = Vec::new();
        for (tag, value) in scalars {
            let mut message = Vec::new();
            bytes(&mut message, 1, tag.as_ref().as_bytes());
            key(&mut message, 2, FOUR_BYTES);
            message.extend((*value as f32).to_le_bytes());
            bytes(&mut summary, 1, &message);
        }
        self.write(&event(now_secs(), step, 5, &summary))
    }

    /// Hands what was appended to the operating system, where TensorBoard sees it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Appends every field of a struct of numbers but its `iteration`, as `GROUP/FIELD`. What JSON has no number
    /// for becomes NaN.
    pub(super) fn fields(
        &mut self,
        group: &str,
        step: u64,
        metrics: &impl Serialize,
    ) -> io::Result<()> {
        let Value::Object(fields) = serde_json::to_value(metrics)? else { return Ok(()) };
        let scalars: Vec<_> = fields
            .iter()
            .filter(|(name, _)| *name != "iteration")
            .map(|(name, value)| (format!("{group}/{name}"), value.as_f64().unwrap_or(f64::NAN)))
            .collect();
        self.scalars(step, &scalars)
    }

    fn write(&mut self, message: &[u8]) -> io::Result<()> {
        let length = (message.len() as u64).to_le_bytes();
        self.file.write_all(&length)?;
        self.file.write_all(&masked_crc(&length).to_le_bytes())?;
        self.file.write_all(message)?;
        self.file.write_all(&masked_crc(message).to_le_bytes())
    }
}

impl Listener for EventFile {
    fn on(&mut self, _: &Trainer, event: Event<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        match event {
            Event::Stepped(metrics) => self.fields("train", metrics.iteration, metrics)?,
            // Someone may be watching: curves are as new as the pictures.
            Event::Sampled(_) => self.flush()?,
            _ => {}
        }
        Ok(())
    }
}

/// Seconds since 1970; 0 on a clock that is set before.
fn now_secs() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// An Event whose field `field` is `content`.
fn event(wall_time_secs: f64, step: u64, field: u64, content: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    key(&mut message, 1, EIGHT_BYTES);
    message.extend(wall_time_secs.to_le_bytes());
    key(&mut message, 2, VARINT);
    varint(&mut message, step);
    bytes(&mut message, field, content);
    message
}

fn key(message: &mut Vec<u8>, field: u64, wire_type: u64) {
    varint(message, field << 3 | wire_type);
}

fn bytes(message: &mut Vec<u8>, field: u64, content: &[u8]) {
    key(message, field, LENGTH_DELIMITED);
    varint(message, content.len() as u64);
    message.extend(content);
}

/// Seven bits in a byte, the lowest first; the eighth says that more follow.
fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

/// CRC-32C, turned and shifted: a checksum of data that hold checksums would else be weak.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// CRC-32C bit by bit (RFC 3720): the reader shares nothing with the writer.
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

    /// The messages of a file; panics where a checksum or a length is wrong.
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

    /// The fields of a protocol buffer: number and content, of a varint its value in eight bytes.
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

    /// (step, tag, value) of every scalar; checks times and the first record on the way.
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

    /// The check value of the CRC catalogue, and two vectors of RFC 3720 (B.4).
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
    fn what_was_written_is_read_back() {
        let long = "x".repeat(300);
        let file = written(|file| {
            file.scalars(0, &[("a", 0.5)]).expect("writable");
            file.scalars(1 << 40, &[("b/c", -1e-3), (long.as_str(), f64::INFINITY)])
                .expect("writable");
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
    fn every_field_but_the_iteration() {
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
}
