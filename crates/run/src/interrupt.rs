//! Ctrl-C ends training after the current iteration, with a checkpoint.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ebm::teaching::{Event, Listener, Trainer};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// The exit status that shells expect of a program ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// A listener that ends training when Ctrl-C is pressed. Pressing it a second time ends the program
/// at once.
#[derive(Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Registers for Ctrl-C from now on.
    ///
    /// # Errors
    /// The error of the operating system if it refuses.
    pub fn listen() -> Result<Self, std::io::Error> {
        let pressed = Arc::new(AtomicBool::new(false));
        // In this order: the first signal finds the flag still unset.
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
