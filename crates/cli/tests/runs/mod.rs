//! Trained runs, and tasks on them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{ebm, refused};

/// Trains a run of two iterations, in a folder named after its recipe.
pub(crate) fn trained(folder: &Path, recipe: &str, settings: &[&str]) -> PathBuf {
    let run = folder.join(recipe);
    let small = [
        "iterations=2",
        "chains.count=8",
        "data.batch=8",
        "evaluation.images=4",
        "evaluation.final_samples=0",
    ];
    ebm(&["train", recipe, "--device", "cpu", "--run-dir"])
        .arg(&run)
        .args(small.iter().chain(settings).flat_map(|setting| ["--set", setting]))
        .assert()
        .success();
    run
}

/// Runs a task into the folder `out` beside the run, and returns that folder and the output.
pub(crate) fn ask(run: &Path, out: &str, arguments: &[&str]) -> (PathBuf, String) {
    let out = run.with_file_name(out);
    let (task, rest) = arguments.split_first().expect("a task");
    let mut command = ebm(&[task, "--device", "cpu"]);
    let done = command.arg(run).arg("--out").arg(&out).args(rest).assert().success();
    let printed = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    // All files are announced, and exist.
    let mut told: Vec<_> = printed.lines().map(Path::new).filter(|path| path.is_file()).collect();
    let entries = out.read_dir().expect("a folder");
    let mut written: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    told.sort();
    written.sort();
    assert_eq!(told, written, "{printed}");
    (out, printed)
}

/// Returns the message of a task that is refused; nothing may be left of it.
pub(crate) fn refusal(run: &Path, arguments: &[&str]) -> String {
    let out = run.with_file_name("refused");
    let (task, rest) = arguments.split_first().expect("a task");
    let mut command = ebm(&[task, "--device", "cpu"]);
    let message = refused(command.arg(run).arg("--out").arg(&out).args(rest));
    assert!(!out.exists(), "{arguments:?} left {}", out.display());
    message
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON")
}
