//! What a run leaves behind: its folder, pictures, plots and report; where its data come from; the progress on the
//! terminal.

mod completion;
mod density;
mod features;
pub(crate) mod find;
mod folder;
mod holes;
mod interrupt;
mod judge;
pub(crate) mod pictures;
mod plane;
pub(crate) mod plots;
mod progress;
mod report;
mod source;
mod tensorboard;

pub(crate) use completion::{Completed, Way, mean};
pub(crate) use features::in_parts;
pub(crate) use folder::RunFolder;
pub(crate) use holes::Holes;
pub(crate) use interrupt::Interrupt;
pub(crate) use judge::{Judge, classifier};
pub(crate) use plane::{Plane, PlaneMetrics};
pub(crate) use progress::Progress;
pub(crate) use report::replace;
pub(crate) use source::{Source, labels, open_given, spread, unstack};
