//! A training run as a library: its data, its folder with pictures, plots and a report, and its progress on the terminal.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "written next: the crate was just cut out"
)]

mod completion;
mod density;
mod features;
pub mod find;
mod folder;
mod holes;
mod interrupt;
mod judge;
pub mod pictures;
mod plane;
pub mod plots;
mod progress;
mod report;
mod source;
mod tensorboard;

pub use completion::{Completed, Way, mean};
pub use features::in_parts;
pub use folder::RunFolder;
pub use holes::Holes;
pub use interrupt::Interrupt;
pub use judge::{Judge, classifier};
pub use plane::{Plane, PlaneMetrics};
pub use progress::Progress;
pub use report::replace;
pub use source::{Source, labels, open_given, spread, unstack};
