//! Ctrl-C: the first asks the work to stop, the second does not ask.

use videre::cancel::CancelToken;
use videre::fault::Fault;

/// A token that is cancelled when the user interrupts the program.
pub(crate) fn cancelled_by_ctrl_c() -> CancelToken {
    let token = CancelToken::new();
    let asked = token.clone();
    let handled = ctrlc::set_handler(move || {
        if asked.is_cancelled() {
            std::process::exit(i32::from(Fault::Cancelled.exit_code()));
        }
        asked.cancel();
    });
    if let Err(error) = handled {
        tracing::warn!("Ctrl-C will stop the program at once: {error}");
    }
    token
}
