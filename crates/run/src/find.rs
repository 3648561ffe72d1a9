//! Checkpoints and free folders, found by what a user names.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ebm::teaching::CHECKPOINT_STATE;

/// The checkpoint that `path` is, or the last one of the run that `path` is.
pub fn checkpoint(path: &Path) -> Result<PathBuf> {
    if path.join(CHECKPOINT_STATE).is_file() {
        return Ok(path.into());
    }
    last_checkpoint(path).with_context(|| {
        format!(
            "{} is neither a checkpoint nor a run with checkpoints; give a folder that `ebm train` left",
            path.display()
        )
    })
}

/// The last whole checkpoint of a run.
pub fn last_checkpoint(run: &Path) -> Option<PathBuf> {
    let entries = run.join("checkpoints").read_dir().ok()?;
    let whole =
        |path: &PathBuf| path.extension().is_none() && path.join(CHECKPOINT_STATE).is_file();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(whole).max()
}

/// `given` if it is new or empty, else an error; without it the first such folder of `runs/NAME`, `runs/NAME-2`, …
pub fn free_folder(given: Option<PathBuf>, name: &str) -> Result<PathBuf> {
    let taken =
        |path: &Path| path.read_dir().map_or(path.exists(), |mut entries| entries.next().is_some());
    if let Some(path) = given {
        if taken(&path) {
            bail!(
                "{} is there and not empty; name another folder, so that nothing is lost",
                path.display()
            );
        }
        return Ok(path);
    }
    let numbered = (2..).map(|number| Path::new("runs").join(format!("{name}-{number}")));
    std::iter::once(Path::new("runs").join(name))
        .chain(numbered)
        .find(|path| !taken(path))
        .context("no free folder in runs/")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_whole_checkpoint_is_found() {
        let run = tempfile::tempdir().expect("a temporary folder");
        assert!(checkpoint(run.path()).is_err());
        for (name, whole) in [("0000100", true), ("0000200", true), ("0000300", false)] {
            let folder = run.path().join("checkpoints").join(name);
            fs::create_dir_all(&folder).expect("writable");
            if whole {
                fs::write(folder.join(CHECKPOINT_STATE), "").expect("writable");
            }
        }
        // What an interrupted write leaves.
        let partial = run.path().join("checkpoints/0000400.partial");
        fs::create_dir_all(&partial).expect("writable");
        fs::write(partial.join(CHECKPOINT_STATE), "").expect("writable");
        let last = run.path().join("checkpoints/0000200");
        assert_eq!(checkpoint(run.path()).expect("there"), last);
        assert_eq!(checkpoint(&last).expect("there"), last);
    }
}
