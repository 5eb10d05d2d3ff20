//! What happens without the page having asked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tauri::ipc::Channel;
use videre::api::window::AppEvent;

/// Where events go: to the page, once it listens.
#[derive(Default)]
pub(crate) struct Events(Mutex<Option<Channel<AppEvent>>>);

impl Events {
    pub(crate) fn to(&self, page: Channel<AppEvent>) {
        *self.page() = Some(page);
    }

    pub(crate) fn send(&self, event: AppEvent) {
        if let Some(page) = &*self.page() {
            // A page that went away hears nothing.
            drop(page.send(event));
        }
    }

    fn page(&self) -> MutexGuard<'_, Option<Channel<AppEvent>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
