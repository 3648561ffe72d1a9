//! `ebm data`: lists, downloads and checks data sets.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Subcommand;
use ebm::data::{Catalog, DataRoot, FetchOptions, FileStatus, Progress, fetch, verify};
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Subcommand)]
pub(crate) enum Action {
    /// List the data sets of datasets.toml, and whether they are here.
    List,
    /// Download a data set, or go on where a download was cut; checks every file.
    Fetch {
        /// The data set's name.
        name: String,
        /// Download from this folder's address instead of the mirrors of datasets.toml.
        #[arg(long)]
        mirror: Option<String>,
    },
    /// Print the folder that a data set's files belong in.
    Path {
        /// The data set's name.
        name: String,
    },
    /// Check the files of a data set against their SHA-256.
    Verify {
        /// The data set's name.
        name: String,
    },
}

pub(crate) fn run(action: Action, data_dir: Option<PathBuf>) -> Result<()> {
    let catalog = Catalog::embedded()?;
    let root = DataRoot::resolve(data_dir)?;
    let mut out = stdout();
    match action {
        Action::List => {
            for entry in catalog.entries() {
                let present = if entry.files().next().is_none() {
                    "built in"
                } else if count_bad(&entry.name, &root, &catalog)? == 0 {
                    "here"
                } else {
                    "not here"
                };
                writeln!(out, "{:<10} {present:<9} {}", entry.name, entry.description)?;
            }
        }
        Action::Path { name } => {
            let entry = catalog.get(&name)?;
            writeln!(out, "{}", root.directory(&entry.name).display())?;
        }
        Action::Verify { name } => {
            for (file, status) in verify(&name, &root, &catalog)? {
                let found = match status {
                    FileStatus::Good { path } => format!("right ({})", path.display()),
                    FileStatus::Missing => "missing".into(),
                    FileStatus::Wrong { error } => error.to_string(),
                    other => format!("{other:?}"),
                };
                writeln!(out, "{file}: {found}")?;
            }
            let bad = count_bad(&name, &root, &catalog)?;
            if bad > 0 {
                bail!(
                    "{bad} files of {name} are missing or wrong; `ebm data fetch {name}` downloads them"
                );
            }
        }
        Action::Fetch { name, mirror } => {
            let entry = catalog.get(&name)?;
            let options =
                FetchOptions { mirrors: mirror.map(|url| vec![url]), ..FetchOptions::default() };
            let style = ProgressStyle::with_template(
                "{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            )?;
            let bar = ProgressBar::new(0).with_style(style);
            fetch(entry, &root, &options, &mut |progress| match progress {
                Progress::Present { file, path } => {
                    bar.println(format!("{file} is here: {}", path.display()));
                }
                Progress::Started { file, url, .. } => {
                    bar.set_prefix(file.to_owned());
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
            writeln!(out, "{}", root.directory(&name).display())?;
        }
    }
    Ok(())
}

fn count_bad(name: &str, root: &DataRoot, catalog: &Catalog) -> Result<usize> {
    let good = |status: &FileStatus| matches!(status, FileStatus::Good { .. });
    Ok(verify(name, root, catalog)?.iter().filter(|(_, status)| !good(status)).count())
}
