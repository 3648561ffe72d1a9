//! One file for each subcommand.

pub(crate) mod ablate;
pub(crate) mod data;
pub(crate) mod eval;
pub(crate) mod inpaint;
pub(crate) mod interpolate;
pub(crate) mod recipes;
pub(crate) mod reconstruct;
pub(crate) mod refine;
pub(crate) mod sample;
pub(crate) mod score;
mod task;
pub(crate) mod train;
