//! One model is loaded at a time.

use std::ops::ControlFlow;

use crate::cancel::{CancelToken, Cancelled, Monitor};

/// Whether a model is being loaded.
#[derive(Default)]
pub(super) struct Loading(Monitor<bool>);

/// The load that is under way, until it is dropped.
pub(super) struct Load<'a>(&'a Loading);

impl Loading {
    /// Begins a load, once no other is under way.
    ///
    /// # Errors
    /// [`Cancelled`] while it waited.
    pub(super) fn begin(&self, cancel: &CancelToken) -> Result<Load<'_>, Cancelled> {
        let begun = self.0.wait(cancel, |is_loading| {
            if std::mem::replace(is_loading, true) {
                ControlFlow::Continue(None)
            } else {
                ControlFlow::Break(())
            }
        });
        begun.map(|()| Load(self))
    }

    /// Begins a load; `None` where another is under way.
    pub(super) fn begin_unless_busy(&self) -> Option<Load<'_>> {
        let is_loading = std::mem::replace(&mut *self.0.lock(), true);
        (!is_loading).then(|| Load(self))
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        self.0.0.change(|is_loading| *is_loading = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};

    #[test]
    fn the_next_load_waits_for_the_end_of_this_one_or_for_a_cancel() {
        let loading = Loading::default();
        let first = loading.begin_unless_busy().expect("none is under way");
        assert!(loading.begin_unless_busy().is_none());
        assert!(
            loading.begin_unless_busy().is_none(),
            "which left the first one alone"
        );
        let late = lateness(|cancel| assert_eq!(loading.begin(cancel).err(), Some(Cancelled)));
        assert!(late < AT_ONCE, "{late:?}");
        std::thread::scope(|scope| {
            let next = scope.spawn(|| loading.begin(&CancelToken::new()).is_ok());
            std::thread::sleep(AT_ONCE);
            assert!(!next.is_finished(), "it waits");
            drop(first);
            assert!(next.join().expect("no panic"));
        });
        assert!(loading.begin_unless_busy().is_some());
    }
}
