//! Finds checkpoints, and free folders for new ones.

use std::path::{Path, PathBuf};

use ebm::teaching::CHECKPOINT_STATE;

use crate::Result;
use crate::error::unsuitable;

/// Returns `path` if it is a checkpoint, or the last complete checkpoint if it is the folder of a
/// run.
///
/// # Errors
/// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if it is neither.
pub fn checkpoint(path: &Path) -> Result<PathBuf> {
    if path.join(CHECKPOINT_STATE).is_file() {
        return Ok(path.into());
    }
    match last_checkpoint(path) {
        Some(checkpoint) => Ok(checkpoint),
        None => unsuitable!(
            "{} is neither a checkpoint nor a run with checkpoints; name a folder that a training run left",
            path.display()
        ),
    }
}

/// Returns the last complete checkpoint of a run, if there is one.
pub fn last_checkpoint(run: &Path) -> Option<PathBuf> {
    let entries = run.join("checkpoints").read_dir().ok()?;
    let complete =
        |path: &PathBuf| path.extension().is_none() && path.join(CHECKPOINT_STATE).is_file();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(complete).max()
}

/// Returns `NAME` for a checkpoint `…/NAME/checkpoints/0002400`, and the name of the checkpoint
/// itself if it lies elsewhere.
pub fn run_name(checkpoint: &Path) -> Option<&str> {
    let run = match checkpoint.parent() {
        Some(folder) if folder.ends_with("checkpoints") => folder.parent(),
        _ => Some(checkpoint),
    };
    run?.file_name()?.to_str()
}

/// Returns `requested` if that folder is new or empty. Without a request, returns the first such
/// folder of `runs/NAME`, `runs/NAME-2`, `runs/NAME-3`, ….
///
/// # Errors
/// [`RunError::Unsuitable`](crate::RunError::Unsuitable) if the requested folder is not empty.
pub fn free_folder(requested: Option<PathBuf>, name: &str) -> Result<PathBuf> {
    let taken =
        |path: &Path| path.read_dir().map_or(path.exists(), |mut entries| entries.next().is_some());
    if let Some(path) = requested {
        if taken(&path) {
            unsuitable!(
                "{} exists and is not empty; name another folder, so that nothing is overwritten",
                path.display()
            );
        }
        return Ok(path);
    }
    let mut path = Path::new("runs").join(name);
    let mut number = 2_u64;
    while taken(&path) {
        path = Path::new("runs").join(format!("{name}-{number}"));
        number += 1;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_complete_checkpoint_is_found() {
        let run = tempfile::tempdir().expect("a temporary folder");
        assert!(checkpoint(run.path()).is_err());
        for (name, complete) in [("0000100", true), ("0000200", true), ("0000300", false)] {
            let folder = run.path().join("checkpoints").join(name);
            fs::create_dir_all(&folder).expect("writable");
            if complete {
                fs::write(folder.join(CHECKPOINT_STATE), "").expect("writable");
            }
        }
        // The remains of an interrupted write.
        let partial = run.path().join("checkpoints/0000400.partial");
        fs::create_dir_all(&partial).expect("writable");
        fs::write(partial.join(CHECKPOINT_STATE), "").expect("writable");
        let last = run.path().join("checkpoints/0000200");
        assert_eq!(checkpoint(run.path()).expect("there"), last);
        assert_eq!(checkpoint(&last).expect("there"), last);
    }

    #[test]
    fn runs_are_named_after_their_folder() {
        let cases = [
            ("runs/digits-2/checkpoints/0000012", Some("digits-2")),
            ("/kept/best", Some("best")),
            ("./checkpoints/0000012", None),
        ];
        for (checkpoint, expected) in cases {
            assert_eq!(run_name(Path::new(checkpoint)), expected, "{checkpoint}");
        }
    }
}
