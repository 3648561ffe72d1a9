//! One file for each subcommand, and the arguments that several of them share.

pub(crate) mod ablate;
mod arguments;
pub(crate) mod classify;
pub(crate) mod complete;
pub(crate) mod data;
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod inpaint;
pub(crate) mod interpolate;
pub(crate) mod log_z;
pub(crate) mod recipes;
pub(crate) mod reconstruct;
pub(crate) mod refine;
pub(crate) mod sample;
pub(crate) mod score;
pub(crate) mod train;

pub(crate) use arguments::LocationArguments;
