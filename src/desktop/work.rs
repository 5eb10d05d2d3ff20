//! What is under way.

use std::collections::HashMap;

use super::owner::Owned;
use crate::cancel::CancelToken;

/// Work on videos that is under way.
#[derive(Default)]
pub(super) struct Work(Owned<State>);

#[derive(Default)]
struct State {
    next: u64,
    /// The video of each task, and what ends it.
    tasks: HashMap<u64, (String, CancelToken)>,
    /// What ends the preparation that began last.
    preparation: Option<CancelToken>,
}

/// One piece of it, until it is dropped.
pub(super) struct Task<'a> {
    work: &'a Work,
    number: u64,
}

impl Work {
    /// A preparation of `video` begins, which `cancel` ends; the one before it ends.
    pub(super) fn begin_preparation(&self, video: &str, cancel: &CancelToken) -> Task<'_> {
        let earlier = self.0.with(|state| state.preparation.replace(cancel.clone()));
        if let Some(earlier) = earlier {
            earlier.cancel();
        }
        self.begin(video, cancel).0
    }

    /// A question about `video` begins, which `cancel` ends, and whether there is other work before it. It does not wait
    /// for a preparation; what that has done so far is kept.
    pub(super) fn begin_question(&self, video: &str, cancel: &CancelToken) -> (Task<'_>, bool) {
        let preparation = self.0.with(|state| state.preparation.take());
        if let Some(preparation) = preparation {
            preparation.cancel();
        }
        self.begin(video, cancel)
    }

    fn begin(&self, video: &str, cancel: &CancelToken) -> (Task<'_>, bool) {
        self.0.with(|state| {
            let is_busy = !state.tasks.is_empty();
            let number = state.next;
            state.next += 1;
            state.tasks.insert(number, (video.to_owned(), cancel.clone()));
            (Task { work: self, number }, is_busy)
        })
    }

    /// Ends all work on `video`.
    pub(super) fn end(&self, video: &str) {
        let tokens: Vec<CancelToken> = self.0.with(|state| {
            let of_video = state.tasks.values().filter(|(of, _)| of == video);
            of_video.map(|(_, cancel)| cancel.clone()).collect()
        });
        tokens.iter().for_each(CancelToken::cancel);
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.work.0.with(|state| state.tasks.remove(&self.number));
    }
}
