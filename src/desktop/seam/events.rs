//! What happens without the page having asked, until a page hears it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::api::window::AppEvent;
use crate::desktop::owner::lock;

/// How many events wait for a page that is still to come, the latest.
const MAX_WAITING: usize = 256;

/// Events on their way to the page that listened last.
#[derive(Default)]
pub(super) struct Events {
    queue: Mutex<Queue>,
    is_changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<AppEvent>,
    n_pages: usize,
}

impl Events {
    /// Never waits for a page.
    pub(super) fn send(&self, event: AppEvent) {
        let mut queue = lock(&self.queue);
        if queue.waiting.len() == MAX_WAITING {
            queue.waiting.pop_front();
        }
        queue.waiting.push_back(event);
        self.is_changed.notify_all();
    }

    /// Hands each event to `page` in its order, until it hears nothing any more or another page takes its place.
    pub(super) fn hand_to(&self, page: &mut dyn FnMut(AppEvent) -> bool) {
        let mut queue = lock(&self.queue);
        queue.n_pages += 1;
        let own = queue.n_pages;
        self.is_changed.notify_all();
        loop {
            let idle = |queue: &mut Queue| queue.n_pages == own && queue.waiting.is_empty();
            let waited = self.is_changed.wait_while(queue, idle);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
            if queue.n_pages != own {
                return;
            }
            let Some(event) = queue.waiting.pop_front() else {
                continue;
            };
            drop(queue);
            if !page(event) {
                return;
            }
            queue = lock(&self.queue);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    use super::{AppEvent, Events, MAX_WAITING};

    fn drag(is_over: bool) -> AppEvent {
        AppEvent::Drag { is_over }
    }

    #[test]
    fn what_happens_before_a_page_listens_waits_for_it() {
        let events = Events::default();
        events.send(drag(true));
        events.send(drag(false));
        let mut heard = Vec::new();
        events.hand_to(&mut |event| {
            heard.push(event);
            heard.len() < 2
        });
        assert_eq!(heard, [drag(true), drag(false)]);
    }

    #[test]
    fn a_page_that_is_loaded_anew_takes_the_place_of_the_one_before() {
        let events = Arc::new(Events::default());
        let (send, heard) = sync_channel(1);
        let listen = {
            let events = Arc::clone(&events);
            move || events.hand_to(&mut |event| send.send(event).is_ok())
        };
        let first = std::thread::Builder::new()
            .name("first page".to_owned())
            .spawn(listen);
        events.send(drag(true));
        assert_eq!(heard.recv(), Ok(drag(true)), "the first page hears");
        events.send(drag(false));
        assert_eq!(heard.recv(), Ok(drag(false)));
        let mut is_heard = false;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                events.hand_to(&mut |_| {
                    is_heard = true;
                    false
                });
            });
            assert!(
                first.expect("a thread").join().is_ok(),
                "it ends as soon as the next one listens"
            );
            events.send(drag(true));
        });
        assert!(is_heard);
    }

    #[test]
    fn events_that_nobody_hears_do_not_pile_up() {
        let events = Events::default();
        for _ in 0..MAX_WAITING {
            events.send(drag(true));
        }
        events.send(drag(false));
        let mut n_heard = 0;
        events.hand_to(&mut |event| {
            n_heard += 1;
            event != drag(false)
        });
        assert_eq!(n_heard, MAX_WAITING);
    }
}
