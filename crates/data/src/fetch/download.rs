//! One archive after another, each from the first mirror that has it.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ureq::Agent;

use super::options::{FetchOptions, Progress};
use super::transfer::{Failure, Transfer};
use crate::catalog::{Archive, Entry};
use crate::error::{DataError, MirrorFailure};

/// The pause between two attempts at one mirror, so that a restarting server is not flooded.
const RETRY_PAUSE: Duration = Duration::from_millis(300);

/// A download into the folder of a set.
pub(crate) struct Download<'a, 'p> {
    agent: Agent,
    entry: &'a Entry,
    directory: &'a Path,
    options: &'a FetchOptions,
    pub(crate) progress: &'a mut (dyn FnMut(Progress<'_>) + 'p),
}

impl<'a, 'p> Download<'a, 'p> {
    pub(crate) fn new(
        entry: &'a Entry,
        directory: &'a Path,
        options: &'a FetchOptions,
        progress: &'a mut (dyn FnMut(Progress<'_>) + 'p),
    ) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.stall_timeout))
            .timeout_per_read(Some(options.stall_timeout))
            .timeout_per_write(Some(options.stall_timeout))
            .build()
            .new_agent();
        Self { agent, entry, directory, options, progress }
    }

    /// Downloads an archive and returns where it is, whole and checked, still as `.part`.
    pub(crate) fn run(&mut self, name: &str, archive: &Archive) -> Result<PathBuf, DataError> {
        let (options, progress) = (self.options, &mut *self.progress);
        let part = self.directory.join(format!("{name}.part"));
        let mut failures = Vec::new();
        for mirror in options.mirrors.as_deref().unwrap_or(self.entry.mirrors()) {
            let url = format!("{}/{name}", mirror.trim_end_matches('/'));
            let transfer = Transfer {
                agent: &self.agent,
                url: &url,
                part: &part,
                archive,
                stall_timeout: options.stall_timeout,
            };
            for attempt in 1..=options.attempts.max(1) {
                if attempt > 1 {
                    thread::sleep(RETRY_PAUSE);
                }
                progress(Progress::Started { archive: name, url: &url, attempt });
                let expected = archive.bytes;
                match transfer.attempt(&mut |received| {
                    progress(Progress::Advanced { archive: name, received, expected });
                }) {
                    Ok(()) => return Ok(part),
                    Err(Failure::Local(error)) => return Err(error),
                    Err(Failure::Remote { problem, again }) => {
                        failures.push(MirrorFailure { url: url.clone(), problem });
                        if !again {
                            break;
                        }
                    }
                }
            }
        }
        let (archive, directory) = (name.to_owned(), self.directory.to_path_buf());
        Err(DataError::Download { archive, directory, failures })
    }
}
