//! The API documentation and the book.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{Invocation, cargo};

/// Builds the documentation of all crates; a warning is an error.
pub(crate) fn api(features: &[String]) -> Result<()> {
    let mut invocation = cargo("doc --release --workspace --no-deps").args(features);
    invocation.0.env("RUSTDOCFLAGS", "-D warnings");
    invocation.check()
}

/// Builds the book with mdbook; if it is not installed, says so or, if `strict`, fails.
pub(crate) fn book(strict: bool) -> Result<()> {
    let mdbook = || Invocation(Command::new("mdbook"));
    if mdbook().arg("--version").succeeds() {
        return mdbook().args(["build", "docs"]).check();
    }
    if strict {
        bail!("mdbook is not installed (cargo install --locked mdbook)");
    }
    eprintln!("xtask: mdbook is not installed, the book in docs/ was not built");
    Ok(())
}
