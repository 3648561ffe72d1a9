//! Runs the command `ebm` for tests.

use assert_cmd::Command;
use tempfile::TempDir;

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Returns `ebm` without the data folder of the environment, and with a runtime folder, whose
/// absence some graphics drivers report on the same stderr.
pub(crate) fn ebm(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ebm").expect("the binary is built with the tests");
    command
        .args(arguments)
        .env_remove("EBM_DATA")
        .env_remove("EBM_CATALOG")
        // A folder without a cache of Keras, which could replace a missing file.
        .env("HOME", std::env::temp_dir())
        .env("NO_COLOR", "1")
        .env("XDG_RUNTIME_DIR", std::env::temp_dir());
    command
}

/// Runs a command, expects a failure with one message and no panic, and returns the message.
pub(crate) fn refused(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code().map(|code| code != 0), Some(true), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(stderr.matches("error:").count(), 1, "{stderr}");
    stderr
}
