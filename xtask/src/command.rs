//! Commands that are printed when they run.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A command, printed when it is run.
pub(crate) struct Invocation(pub(crate) Command);

/// Returns an invocation of the Cargo that started this, with space-separated arguments.
pub(crate) fn cargo(arguments: &str) -> Invocation {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments.split(' '));
    Invocation(command)
}

impl Invocation {
    pub(crate) fn arg(self, argument: &str) -> Self {
        self.args([argument])
    }

    pub(crate) fn args(
        mut self,
        arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>,
    ) -> Self {
        self.0.args(arguments);
        self
    }

    /// Returns the standard output of the command; its standard error is inherited.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self.0.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
        if !output.status.success() {
            bail!("{:?} failed ({})", self.0, output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub(crate) fn check(mut self) -> Result<()> {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        let shown: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        let shown = shown.join(" ");
        eprintln!("+ {shown}");
        let status = self.0.status().with_context(|| format!("cannot start {shown}"))?;
        if !status.success() {
            bail!("{shown} failed ({status})");
        }
        Ok(())
    }

    /// Returns whether the command starts and exits with 0, silently.
    pub(crate) fn succeeds(mut self) -> bool {
        self.0.output().is_ok_and(|output| output.status.success())
    }
}

/// Returns whether Cargo has the subcommand.
pub(crate) fn installed(subcommand: &str) -> bool {
    cargo(subcommand).arg("--version").succeeds()
}
