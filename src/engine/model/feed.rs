//! Frames on their way to running work: sent on one lane, read on another.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;

use crate::cancel::{CancelToken, Cancelled, Monitor};
use crate::fault::Failure;
use crate::visual::execute::FittedFrame;

/// Frames that may wait for the tower: as many as the decoder is ahead.
const MAX_WAITING_FRAMES: usize = 8;

/// What comes to running work.
type Delivery = Result<FittedFrame, Failure>;

/// What waits for the tower, by the number of the work.
#[derive(Default)]
pub(super) struct Feeds(Monitor<HashMap<u64, Feed>>);

#[derive(Default)]
struct Feed {
    waiting: VecDeque<Delivery>,
    is_complete: bool,
}

impl Feeds {
    /// Opens an inbox for `job`, until it is dropped.
    pub(super) fn open<'a>(&'a self, job: u64, cancel: &'a CancelToken) -> Inbox<'a> {
        self.0.lock().insert(job, Feed::default());
        Inbox {
            feeds: self,
            job,
            cancel,
        }
    }

    /// Says that no more comes to `job`.
    pub(super) fn complete(&self, job: u64) {
        self.0.change(|feeds| {
            if let Some(feed) = feeds.get_mut(&job) {
                feed.is_complete = true;
            }
        });
    }

    /// Delivers to `job`, waiting while its inbox is full.
    ///
    /// # Errors
    /// [`Cancelled`], also where the work no longer waits.
    pub(super) fn deliver(
        &self,
        job: u64,
        delivery: Delivery,
        cancel: &CancelToken,
    ) -> Result<(), Cancelled> {
        let mut delivery = Some(delivery);
        self.0.wait(cancel, |feeds| match feeds.get_mut(&job) {
            Some(Feed {
                is_complete: true, ..
            })
            | None => ControlFlow::Break(Err(Cancelled)),
            Some(feed) if feed.waiting.len() < MAX_WAITING_FRAMES => {
                feed.waiting.extend(delivery.take());
                ControlFlow::Break(Ok(()))
            }
            Some(_) => ControlFlow::Continue(None),
        })?
    }
}

/// The frames of a job, as the executor of plans takes them.
pub(super) struct Inbox<'a> {
    feeds: &'a Feeds,
    job: u64,
    cancel: &'a CancelToken,
}

impl Iterator for Inbox<'_> {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        let next = self.feeds.0.wait(self.cancel, |feeds| {
            let Some(feed) = feeds.get_mut(&self.job) else {
                return ControlFlow::Break(None);
            };
            match feed.waiting.pop_front() {
                None if !feed.is_complete => ControlFlow::Continue(None),
                delivery => ControlFlow::Break(delivery),
            }
        });
        next.unwrap_or_else(|cancelled| Some(Err(cancelled.into())))
    }
}

impl Drop for Inbox<'_> {
    fn drop(&mut self) {
        self.feeds.0.change(|feeds| feeds.remove(&self.job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::tests::{AT_ONCE, lateness};
    use crate::fault::Fault;

    fn delivery() -> Delivery {
        Err(Failure::new(Fault::Input, "what comes does not matter"))
    }

    #[test]
    fn what_comes_is_had_in_order_until_there_is_no_more() {
        let (feeds, cancel) = (Feeds::default(), CancelToken::new());
        assert_eq!(
            feeds.deliver(7, delivery(), &cancel),
            Err(Cancelled),
            "not open yet"
        );
        let mut inbox = feeds.open(7, &cancel);
        std::thread::scope(|scope| {
            let feeding = scope.spawn(|| {
                for _ in 0..3 * MAX_WAITING_FRAMES {
                    feeds.deliver(7, delivery(), &cancel)?;
                }
                feeds.complete(7);
                Ok::<_, Cancelled>(())
            });
            assert_eq!(inbox.by_ref().count(), 3 * MAX_WAITING_FRAMES);
            assert_eq!(feeding.join().expect("no panic"), Ok(()));
        });
        assert_eq!(
            feeds.deliver(7, delivery(), &cancel),
            Err(Cancelled),
            "it was complete"
        );
        drop(inbox);
        assert!(feeds.0.lock().is_empty());
    }

    #[test]
    fn whoever_delivers_to_work_that_ends_does_not_wait_for_ever() {
        let (feeds, cancel) = (Feeds::default(), CancelToken::new());
        let inbox = feeds.open(7, &cancel);
        for _ in 0..MAX_WAITING_FRAMES {
            assert_eq!(feeds.deliver(7, delivery(), &cancel), Ok(()));
        }
        std::thread::scope(|scope| {
            let feeding = scope.spawn(|| feeds.deliver(7, delivery(), &cancel));
            std::thread::sleep(AT_ONCE);
            drop(inbox);
            assert_eq!(feeding.join().expect("no panic"), Err(Cancelled));
        });
    }

    #[test]
    fn a_cancel_ends_both_waits_at_once() {
        let late = lateness(|cancel| {
            let feeds = Feeds::default();
            let came = feeds.open(7, cancel).next().expect("why it ends");
            assert_eq!(came.expect_err("nothing comes").fault, Fault::Cancelled);
        });
        assert!(late < AT_ONCE, "for frames: {late:?}");
        let late = lateness(|cancel| {
            let (feeds, work) = (Feeds::default(), CancelToken::new());
            let _inbox = feeds.open(7, &work);
            while feeds.deliver(7, delivery(), cancel).is_ok() {}
        });
        assert!(late < AT_ONCE, "for room: {late:?}");
    }
}
