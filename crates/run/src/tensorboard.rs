//! Event files of TensorBoard: TensorFlow records, each a protocol buffer between two checksums.
//!
//! ```text
//! record   length: u64, masked CRC of it: u32, message, masked CRC of it: u32   (little-endian)
//! Event    1 wall_time: double, 2 step: int64, 3 file_version: string, 5 summary: Summary
//! Summary  1 value (repeated): Value
//! Value    1 tag: string, 2 simple_value: float
//! ```
//!
//! Formats: `tensorflow/core/lib/io/record_writer.h`, `core/util/event.proto` and
//! `core/framework/summary.proto`.

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

/// The wire types of protocol buffers.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// An event file to which scalars are appended.
#[derive(Debug)]
pub(super) struct EventFile {
    file: BufWriter<File>,
}

impl EventFile {
    /// Creates an event file in a folder, with a name that TensorBoard finds.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let seconds = now_secs();
        // A run that goes on within the same second has a file already.
        let mut second = seconds as u64;
        let file = loop {
            let name = format!("events.out.tfevents.{second:010}.ebm");
            match File::create_new(folder.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => second += 1,
                file => break file?,
            }
        };
        let mut file = Self { file: BufWriter::new(file) };
        file.write(&event(seconds, 0, 3, VERSION.as_bytes()))?;
        Ok(file)
    }

    /// Appends the scalars of one step as one record.
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

    /// Passes all appended records to the operating system, so that TensorBoard can read them.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Appends every field of a struct of numbers except `iteration`, as `GROUP/FIELD`. Values that
    /// JSON cannot represent become NaN.
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
            // For viewers during training, the curves are as recent as the pictures.
            Event::Sampled(_) => self.flush()?,
            _ => {}
        }
        Ok(())
    }
}

/// Returns the seconds since 1970; 0 if the clock is set to an earlier time.
fn now_secs() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// Encodes an Event whose field `field` is `content`.
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

/// Encodes seven bits in a byte, the lowest first; the eighth bit announces another byte.
fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

/// Returns CRC-32C, rotated and offset: a plain CRC of data that contain CRCs would be weak.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests;
