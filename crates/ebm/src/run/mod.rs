//! What a run leaves behind: its folder, pictures, plots and report, and the progress on the terminal.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "runs that learn a density in the plane are to call it")
)]
mod density;
mod folder;
mod pictures;
mod plots;
mod progress;
mod report;
mod tensorboard;

pub(crate) use folder::RunFolder;
pub(crate) use progress::Progress;
