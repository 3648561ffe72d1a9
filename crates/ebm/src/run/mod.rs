//! What a run leaves behind: its folder, pictures, plots and report, and the progress on the terminal.

mod folder;
mod pictures;
mod plots;
mod progress;
mod report;
mod tensorboard;

pub(crate) use folder::RunFolder;
pub(crate) use progress::Progress;
