//! One file for each subcommand.

pub(crate) mod ablate;
pub(crate) mod data;
pub(crate) mod recipes;
pub(crate) mod train;
