//! Calls of the page: each on a thread of its own, and cancelled by its number.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use videre::api::window::ApiError;
use videre::cancel::CancelToken;
use videre::desktop::{Desktop, Shown};
use videre::fault::{Failure, Fault, Origin};

/// How many cancellations that came before their calls are remembered. They overtake a call by milliseconds.
const MAX_EARLY: usize = 64;

/// What the commands share.
pub(crate) struct Host {
    pub(crate) desktop: Arc<Desktop>,
    calls: Mutex<Calls>,
}

/// Calls by the page's numbers.
#[derive(Default)]
struct Calls {
    running: HashMap<u64, CancelToken>,
    /// Cancelled before they began: calls and cancellations arrive on threads of their own.
    early: VecDeque<u64>,
}

impl Host {
    pub(crate) fn new(desktop: Arc<Desktop>) -> Self {
        Self {
            desktop,
            calls: Mutex::default(),
        }
    }

    /// Runs `work` on a thread that may block. `call` is the page's number for it, by which it cancels it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: u64,
        work: impl FnOnce(&Desktop, &CancelToken) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let cancel = self.calls().begin(call);
        let desktop = Arc::clone(&self.desktop);
        let done = tauri::async_runtime::spawn_blocking(move || work(&desktop, &cancel)).await;
        self.calls().running.remove(&call);
        done.unwrap_or_else(|error| Err(unknown(format!("an internal error: {error}"))))
    }

    pub(crate) fn cancel(&self, call: u64) {
        self.calls().cancel(call);
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    fn begin(&mut self, call: u64) -> CancelToken {
        let cancel = CancelToken::new();
        if let Some(at) = self.early.iter().position(|&early| early == call) {
            self.early.remove(at);
            cancel.cancel();
        }
        self.running.insert(call, cancel.clone());
        cancel
    }

    fn cancel(&mut self, call: u64) {
        if let Some(cancel) = self.running.get(&call) {
            cancel.cancel();
            return;
        }
        // It has not begun, or has just ended; the two cannot be told apart, so only the latest are remembered.
        if self.early.len() == MAX_EARLY {
            self.early.pop_front();
        }
        self.early.push_back(call);
    }
}

/// A picture as it crosses to the page: the length of its description (4 bytes, little endian), the description as JSON,
/// the image file. One raw message, because numbers in JSON are ten times the size.
pub(crate) fn packed(shown: &Shown) -> Result<Vec<u8>, ApiError> {
    let info = serde_json::to_vec(&shown.info).map_err(|error| unknown(error.to_string()))?;
    let mut bytes = Vec::with_capacity(4 + info.len() + shown.bytes.len());
    bytes.extend_from_slice(&(info.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&info);
    bytes.extend_from_slice(&shown.bytes);
    Ok(bytes)
}

pub(crate) fn unknown(message: String) -> ApiError {
    ApiError::of(Origin::Window, &Failure::new(Fault::Machine, message))
}

#[cfg(test)]
mod tests {
    use super::{Calls, MAX_EARLY};

    #[test]
    fn a_cancellation_reaches_its_call_also_where_it_overtakes_it() {
        let mut calls = Calls::default();
        let running = calls.begin(1);
        calls.cancel(1);
        assert!(running.is_cancelled(), "while it runs");
        calls.cancel(2);
        assert!(calls.begin(2).is_cancelled(), "before it began");
        assert!(!calls.begin(3).is_cancelled(), "and no other");
    }

    #[test]
    fn cancellations_of_calls_that_never_come_do_not_pile_up() {
        let mut calls = Calls::default();
        for call in 0..1000 {
            calls.cancel(call);
        }
        assert_eq!(calls.early.len(), MAX_EARLY);
        assert!(calls.begin(999).is_cancelled(), "the latest are remembered");
    }
}
