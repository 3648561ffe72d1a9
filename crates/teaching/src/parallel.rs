//! Two computations side by side.

use std::panic::resume_unwind;
use std::thread;

/// Calls both closures, in parallel where that helps: on a CPU with more than one thread in rayon's
/// pool. A GPU has a single queue of work, and a thread of rayon's pool must not wait for work that
/// it may have to do itself.
pub(crate) fn side_by_side<A: Send, B>(
    host: bool,
    elsewhere: impl FnOnce() -> A + Send,
    here: impl FnOnce() -> B,
) -> (A, B) {
    let spare = rayon::current_num_threads() > 1 && rayon::current_thread_index().is_none();
    if !(host && spare) {
        return (elsewhere(), here());
    }
    thread::scope(|scope| {
        let elsewhere = scope.spawn(elsewhere);
        let here = here();
        (elsewhere.join().unwrap_or_else(|panic| resume_unwind(panic)), here)
    })
}
