//! `ebm data`: lists, downloads, imports and checks data sets.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Subcommand;
use ebm::data::{DataRoot, Entry, FetchOptions, FileStatus, Progress, fetch, import, verify};
use ebm_run::DataStore;
use indicatif::{ProgressBar, ProgressStyle};

use super::LocationArguments;
use crate::advice::with_advice;

#[derive(Subcommand)]
pub(crate) enum Action {
    /// List the data sets of the catalogue, and whether they are here.
    List,
    /// Download a data set, or continue an interrupted download, and check every file.
    Fetch {
        /// The data set's name.
        name: String,
        /// Download from this address of a folder instead of the mirrors of the catalogue.
        #[arg(long)]
        mirror: Option<String>,
        /// Check the files that are here and name the missing ones, without using the network.
        #[arg(long, conflicts_with = "mirror")]
        offline: bool,
    },
    /// Check files of a data set and copy them into its folder.
    Import {
        /// The data set's name.
        name: String,
        /// Its files under their published names, compressed or not.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print the folder of a data set's files.
    Path {
        /// The data set's name.
        name: String,
    },
    /// Check the files of a data set: length, SHA-256 if it is known, labels.
    Verify {
        /// The data set's name.
        name: String,
    },
}

pub(crate) fn run(action: Action, location: &LocationArguments) -> Result<()> {
    let DataStore { root, catalog } = location.location().open()?;
    let mut out = stdout();
    match action {
        Action::List => {
            for entry in catalog.entries() {
                let statuses = verify(&entry.name, &root, &catalog)?;
                let present = if statuses.is_empty() {
                    "built in"
                } else if count_bad(&statuses) == 0 {
                    "here"
                } else {
                    "not here"
                };
                writeln!(out, "{:<16} {present:<8}  {}", entry.name, entry.description)?;
            }
        }
        Action::Path { name } => {
            let entry = catalog.get(&name)?;
            writeln!(out, "{}", root.directory(&entry.name).display())?;
        }
        Action::Verify { name } => {
            let statuses = verify(&name, &root, &catalog)?;
            for (file, status) in &statuses {
                let found = match status {
                    FileStatus::Good { path } => format!("right ({})", path.display()),
                    FileStatus::Missing => "missing".into(),
                    FileStatus::Wrong { error } => with_advice(error.to_string(), Some(error)),
                    other => format!("{other:?}"),
                };
                writeln!(out, "{file}: {found}")?;
            }
            let bad = count_bad(&statuses);
            if bad > 0 {
                bail!(
                    "{bad} files of {name} are missing or wrong; `ebm data fetch {name}` downloads them"
                );
            }
        }
        Action::Fetch { name, mirror, offline } => {
            let mirrors = mirror.map(|url| vec![url]);
            let options = FetchOptions { mirrors, offline, ..FetchOptions::default() };
            show_fetch(catalog.get(&name)?, &root, &options)?;
            writeln!(out, "{}", root.directory(&name).display())?;
        }
        Action::Import { name, files } => {
            for path in import(catalog.get(&name)?, &root, &files)? {
                writeln!(out, "{}", path.display())?;
            }
            let statuses = verify(&name, &root, &catalog)?;
            for (file, status) in &statuses {
                if matches!(status, FileStatus::Missing) {
                    tracing::warn!("{file} is still missing");
                }
            }
        }
    }
    Ok(())
}

fn show_fetch(entry: &Entry, root: &DataRoot, options: &FetchOptions) -> Result<()> {
    let style = ProgressStyle::with_template(
        "{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    )?;
    let bar = ProgressBar::new(0).with_style(style);
    fetch(entry, root, options, &mut |progress| match progress {
        Progress::Present { file, path } => {
            bar.println(format!("{file} is here: {}", path.display()));
        }
        Progress::Waiting { lock } => {
            tracing::info!("waiting for another process, which holds {}", lock.display());
        }
        Progress::Started { archive, url, .. } => {
            bar.set_prefix(archive.to_owned());
            tracing::info!("{url}");
        }
        Progress::Advanced { received, expected, .. } => {
            bar.set_length(expected);
            bar.set_position(received);
        }
        Progress::Finished { path, .. } => tracing::info!("{}", path.display()),
        _ => {}
    })?;
    bar.finish_and_clear();
    Ok(())
}

fn count_bad(statuses: &[(String, FileStatus)]) -> usize {
    statuses.iter().filter(|(_, status)| !matches!(status, FileStatus::Good { .. })).count()
}
