//! Arbitrary text as the chat template of a model file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use videre::llava::template::{Message, Piece, Role, render_jinja};

fuzz_target!(|source: &str| {
    let message = |role, text| Message {
        role,
        content: vec![Piece::user(text)],
    };
    let messages = [
        message(Role::User, "one"),
        message(Role::Assistant, "two"),
        message(Role::User, "three"),
    ];
    if let Ok(pieces) = render_jinja(source, &messages) {
        let words: Vec<_> = messages.iter().flat_map(|message| &message.content).collect();
        let kept = pieces.iter().filter(|piece| words.contains(piece)).count();
        assert!(kept >= words.len(), "a message was lost");
    }
});
