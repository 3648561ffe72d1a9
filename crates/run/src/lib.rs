//! A training run as a library: its data, its folder with metrics, previews, checkpoints and a
//! report, and tasks on the trained model.
//!
//! | you want to… | use |
//! |---|---|
//! | train by a recipe and get a report | [`Run`] |
//! | get the same report from a training loop of your own | [`RunFolder`], a [`Listener`](ebm::teaching::Listener) |
//! | draw samples of a finished run, reconstruct or complete images, estimate log Z | [`TrainedRun`] and [`tasks`] |
//! | measure samples against a data set | [`TrainedRun::evaluate`] and [`eval`] |
//! | compare many runs | [`ablation`] |
//! | open data as recipes name them | [`Source`] for training, [`TrainedRun::reference`] for tasks |
//!
//! The command `ebm` (the package `ebm-cli`) is a thin layer above this crate: each subcommand
//! parses its arguments, calls one function and prints the result.
//!
//! # Features
//! `terminal` (on by default) adds [`Progress`], a progress bar, and [`Interrupt`], which lets
//! Ctrl-C end training with a checkpoint.

mod class_accuracy;
mod completion;
mod conditions;
mod dataset;
mod error;
mod feature_network;
mod folder;
mod history;
#[cfg(feature = "terminal")]
mod interrupt;
mod lock;
mod output;
mod plane;
#[cfg(feature = "terminal")]
mod progress;
mod record;
mod reference;
mod report;
mod source;
mod tensorboard;
mod trained;
mod training;

pub mod ablation;
pub mod eval;
pub mod locate;
pub mod pictures;
pub mod plots;
pub mod tasks;

pub use class_accuracy::{ClassAccuracy, built_in_classifier};
pub use completion::Way;
pub use conditions::ConditionChoice;
pub use dataset::{DataLocation, DataStore};
pub use error::{Result, RunError};
pub use feature_network::NamedNetwork;
pub use folder::RunFolder;
#[cfg(feature = "terminal")]
pub use interrupt::Interrupt;
pub use output::OutputFolder;
pub use plane::{Panels, Plane, PlaneMetrics};
#[cfg(feature = "terminal")]
pub use progress::Progress;
pub use reference::{DataChoice, ReferenceData};
pub use source::{Preview, Source};
pub use trained::TrainedRun;
pub use training::{Run, RunOptions};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
