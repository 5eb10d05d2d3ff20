//! Who is told what happens without the page having asked.

use std::sync::Arc;

use super::owner::Owned;
use crate::api::window::AppEvent;

type Callback = Arc<dyn Fn(AppEvent) + Send + Sync>;

/// One listener, or nobody.
#[derive(Default)]
pub(super) struct Listener(Owned<Option<Callback>>);

impl Listener {
    pub(super) fn set(&self, callback: impl Fn(AppEvent) + Send + Sync + 'static) {
        let callback: Callback = Arc::new(callback);
        self.0.with(|slot| *slot = Some(callback));
    }

    pub(super) fn tell(&self, event: AppEvent) {
        if let Some(callback) = self.0.with(|slot| slot.clone()) {
            callback(event);
        }
    }
}
