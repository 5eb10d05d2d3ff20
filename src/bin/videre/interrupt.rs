//! Ctrl-C: the first asks the work to stop, the second does not ask.

use std::sync::{Arc, Mutex, PoisonError};
use videre::cancel::CancelToken;
use videre::fault::Fault;

/// What the next Ctrl-C stops.
pub(crate) struct CtrlC(Arc<Mutex<CancelToken>>);

impl CtrlC {
    /// From now on it stops pieces of work, where the system allows that.
    pub(crate) fn listen() -> Self {
        let current = Arc::new(Mutex::new(CancelToken::new()));
        let asked = Arc::clone(&current);
        let handled = ctrlc::set_handler(move || {
            let token = asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if token.is_cancelled() {
                std::process::exit(i32::from(Fault::Cancelled.exit_code()));
            }
            token.cancel();
        });
        if let Err(error) = handled {
            tracing::warn!("Ctrl-C will stop the program at once: {error}");
        }
        Self(current)
    }

    /// The token of a piece of work that begins now.
    pub(crate) fn next_work(&self) -> CancelToken {
        let token = CancelToken::new();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = token.clone();
        token
    }

    /// No work is done now: the next one ends the program.
    pub(crate) fn ends_the_program(&self) {
        self.next_work().cancel();
    }
}

/// A token that is cancelled when the user interrupts the program.
pub(crate) fn cancelled_by_ctrl_c() -> CancelToken {
    CtrlC::listen().next_work()
}
