//! Ctrl-C ends training after the iteration that runs, with a checkpoint.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ebm::teaching::{Event, Listener, Trainer};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// What shells expect of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Whether Ctrl-C was pressed. A second time ends the program at once.
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    pub fn listen() -> Result<Self, std::io::Error> {
        let pressed = Arc::new(AtomicBool::new(false));
        // In this order: the first press finds the flag still down.
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED, pressed.clone())?;
        flag::register(SIGINT, pressed.clone())?;
        Ok(Self(pressed))
    }
}

impl Listener for Interrupt {
    fn on(&mut self, _: &Trainer, _: Event<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }

    fn wants_end(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
