//! One attempt to download one published archive from one address: resumes, never accepts more than
//! the announced length, checks the SHA-256.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use ebm_files::sha256_file;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, Timeout};

use crate::catalog::Archive;
use crate::error::{DataError, TransferError};

/// Small enough for a smooth progress bar, large enough for the calls to cost nothing.
const BUFFER_BYTES: usize = 64 * 1024;

/// An attempt that ended without the file.
pub(crate) enum Failure {
    /// A fault of this machine: no other mirror will help.
    Local(DataError),
    /// A fault of the mirror or the network, and whether the same mirror deserves another attempt.
    Remote { problem: TransferError, again: bool },
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::Local(error)
    }
}

impl From<TransferError> for Failure {
    fn from(problem: TransferError) -> Self {
        let again = match &problem {
            TransferError::Stalled { .. } | TransferError::Cut { .. } => true,
            TransferError::Status(status) => matches!(status, 408 | 416 | 429 | 500..),
            _ => false,
        };
        Self::Remote { problem, again }
    }
}

/// The address, the destination and the expected archive of a download.
pub(crate) struct Transfer<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) url: &'a str,
    pub(crate) part: &'a Path,
    pub(crate) archive: &'a Archive,
    pub(crate) stall_timeout: Duration,
}

impl Transfer<'_> {
    /// Leaves the whole, checked file at `part`. On failure `part` holds the beginning for a later
    /// attempt, or is gone.
    pub(crate) fn attempt(&self, advanced: &mut dyn FnMut(u64)) -> Result<(), Failure> {
        let start = self.on_disk()?;
        if start < self.archive.bytes {
            self.receive(start, advanced)?;
        }
        let found = sha256_file(self.part).map_err(DataError::from)?;
        if found != self.archive.sha256 {
            self.discard()?;
            let problem = TransferError::Checksum { found, expected: self.archive.sha256.clone() };
            // The resumed part may have been another file's beginning: that is not the mirror's
            // fault.
            return Err(Failure::Remote { problem, again: start > 0 });
        }
        Ok(())
    }

    fn receive(&self, start: u64, advanced: &mut dyn FnMut(u64)) -> Result<(), Failure> {
        let expected = self.archive.bytes;
        let response = self.request(start)?;
        let mut received = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT => self.check_range(&response, start)?,
            status => {
                if status == StatusCode::RANGE_NOT_SATISFIABLE {
                    self.discard()?;
                }
                return Err(TransferError::Status(status.as_u16()).into());
            }
        };
        if let Some(announced) = response.body().content_length() {
            let found = received.saturating_add(announced);
            if found != expected {
                return Err(TransferError::Length { found, expected }.into());
            }
        }
        let mut file = if received == 0 {
            File::create(self.part)
        } else {
            OpenOptions::new().append(true).open(self.part)
        }
        .map_err(DataError::io("write", self.part))?;
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(cause) => return Err(self.broken_body(cause, received).into()),
            };
            if received + count as u64 > expected {
                self.discard()?;
                let found = received + count as u64;
                return Err(TransferError::Length { found, expected }.into());
            }
            file.write_all(&buffer[..count]).map_err(DataError::io("write", self.part))?;
            received += count as u64;
            advanced(received);
        }
        file.sync_all().map_err(DataError::io("write", self.part))?;
        if received < expected {
            let cause = "the body ended".to_owned();
            return Err(TransferError::Cut { received, expected, cause }.into());
        }
        Ok(())
    }

    fn request(&self, start: u64) -> Result<Response<Body>, TransferError> {
        // A server that packs or unpacks in transit would deliver other bytes than the checksum's.
        let mut request = self.agent.get(self.url).header(header::ACCEPT_ENCODING, "identity");
        if start > 0 {
            request = request.header(header::RANGE, format!("bytes={start}-"));
        }
        let expected = self.archive.bytes;
        request.call().map_err(|error| match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                TransferError::Connection(error.to_string())
            }
            ureq::Error::Timeout(_) => self.stalled(start),
            ureq::Error::Io(cause) if is_hang_up(&cause) => {
                TransferError::Cut { received: start, expected, cause: cause.to_string() }
            }
            other => TransferError::Connection(other.to_string()),
        })
    }

    /// Returns where the server resumes, if that is where it was asked to.
    fn check_range(&self, response: &Response<Body>, start: u64) -> Result<u64, TransferError> {
        let range = response.headers().get(header::CONTENT_RANGE);
        let range = range.and_then(|value| value.to_str().ok()).unwrap_or("none");
        if range.starts_with(&format!("bytes {start}-")) {
            return Ok(start);
        }
        Err(TransferError::Range { found: range.to_owned(), expected: start })
    }

    fn broken_body(&self, cause: io::Error, received: u64) -> TransferError {
        match ureq::Error::from(cause) {
            ureq::Error::Timeout(_) => self.stalled(received),
            other => {
                let (expected, cause) = (self.archive.bytes, other.to_string());
                TransferError::Cut { received, expected, cause }
            }
        }
    }

    fn stalled(&self, received: u64) -> TransferError {
        let limit_secs = self.stall_timeout.as_secs_f64();
        TransferError::Stalled { limit_secs, received, expected: self.archive.bytes }
    }

    /// Returns the bytes to resume from: none if there are more than the whole file has.
    fn on_disk(&self) -> Result<u64, DataError> {
        match fs::metadata(self.part) {
            Ok(metadata) if metadata.len() <= self.archive.bytes => Ok(metadata.len()),
            Ok(_) => self.discard().map(|()| 0),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(0),
            Err(cause) => Err(DataError::io("look at", self.part)(cause)),
        }
    }

    fn discard(&self) -> Result<(), DataError> {
        match fs::remove_file(self.part) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => {
                Err(DataError::io("remove", self.part)(cause))
            }
            _ => Ok(()),
        }
    }
}

fn is_hang_up(cause: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
