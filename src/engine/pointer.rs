//! What a dragged pointer still waits for: never more than the picture that is being made and the newest one wanted.

use std::sync::{Mutex, PoisonError};

use crate::cancel::CancelToken;

/// The pictures that a pointer wants, oldest first. They are made in this order, so the oldest is the one being made.
#[derive(Debug, Default)]
pub(super) struct Pointer(Mutex<Wishes>);

#[derive(Debug, Default)]
struct Wishes {
    n_ever: u64,
    unmet: Vec<(u64, CancelToken)>,
}

/// One picture that is wanted, until this is dropped.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pointer: &'a Pointer,
    number: u64,
}

impl Pointer {
    /// Wants one picture more. What waits behind the oldest is ended: it would come too late. The oldest is not, for its
    /// picture is nearly there, and ending it would throw that work away with nothing to show for it.
    pub(super) fn wish(&self, cancel: &CancelToken) -> Wish<'_> {
        let mut wishes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, waiting) in wishes.unmet.iter().skip(1) {
            waiting.cancel();
        }
        wishes.unmet.truncate(1);
        let number = wishes.n_ever;
        wishes.n_ever += 1;
        wishes.unmet.push((number, cancel.clone()));
        Wish {
            pointer: self,
            number,
        }
    }
}

impl Drop for Wish<'_> {
    fn drop(&mut self) {
        let mut wishes = self.pointer.0.lock().unwrap_or_else(PoisonError::into_inner);
        wishes.unmet.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_wish_ends_the_one_that_waits_and_not_the_one_being_made() {
        let (pointer, tokens) = (Pointer::default(), [(); 3].map(|()| CancelToken::new()));
        let _wishes = tokens.each_ref().map(|token| pointer.wish(token));
        assert_eq!(tokens.map(|token| token.is_cancelled()), [false, true, false]);
    }

    #[test]
    fn a_wish_that_was_met_stands_in_nobodys_way() {
        let (pointer, tokens) = (Pointer::default(), [(); 3].map(|()| CancelToken::new()));
        let first = pointer.wish(&tokens[0]);
        let _second = pointer.wish(&tokens[1]);
        drop(first);
        let _third = pointer.wish(&tokens[2]);
        assert_eq!(tokens.map(|token| token.is_cancelled()), [false; 3]);
    }
}
